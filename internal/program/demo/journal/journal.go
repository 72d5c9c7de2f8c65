// Package journal keeps what a token manager's hook reported, and finds out from it which token requests the rules
// prescribed.
package journal

import (
	"context"
	"sync"
	"time"

	"github.com/alf-go/alf"
)

// Journal is a growing list of events. Its zero value is ready; its methods are safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	entries []alf.Event
	grown   chan struct{} // closed at the next entry; nil if no caller waits for it
}

// Add appends an entry.
func (j *Journal) Add(e alf.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	if j.grown != nil {
		close(j.grown)
		j.grown = nil
	}
}

// Entries returns a copy of those that happened at a time or later.
func (j *Journal) Entries(since time.Time) []alf.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []alf.Event
	for _, e := range j.entries {
		if !e.Time.Before(since) {
			found = append(found, e)
		}
	}
	return found
}

// Await returns the first entry that matches, waiting for it as long as ctx lasts. ok is false if there was none.
func (j *Journal) Await(ctx context.Context, match func(alf.Event) bool) (found alf.Event, ok bool) {
	for seen := 0; ; {
		j.mu.Lock()
		for ; seen < len(j.entries); seen++ {
			if e := j.entries[seen]; match(e) {
				j.mu.Unlock()
				return e, true
			}
		}
		if j.grown == nil {
			j.grown = make(chan struct{})
		}
		grown := j.grown
		j.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return alf.Event{}, false
		}
	}
}
