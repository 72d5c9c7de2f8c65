// Package memorystore is a store in memory, for tests: it can be down, slow, emptied, and return nonsense.
package memorystore

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/alf-go/alf/store"
)

// Store implements [store.Store]. Its zero value is ready. It is safe for concurrent use, its faults included.
type Store struct {
	mu       sync.Mutex
	states   map[store.ID]store.State
	watchers map[*watcher]bool
	fault    Fault
	closed   bool
	// commands counts those that were carried out, by kind.
	commands map[store.Kind]int
}

// Fault is what is wrong with a store.
type Fault int

// The faults.
const (
	None     Fault = iota
	Down           // every command fails at once
	Silent         // no command returns before its context has ended
	Nonsense       // every reply is without meaning
	Panics         // every command panics
)

type watcher struct {
	id   store.ID
	news chan struct{}
}

var errDown = errors.New("the store is down")

// Set makes something wrong, or right again with None.
func (s *Store) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
	s.wake("")
}

// Flush empties the store.
func (s *Store) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states = nil
	s.wake("")
}

// Change changes all states, as a party does that can write to the store.
func (s *Store) Change(change func(*store.State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, state := range s.states {
		change(&state)
		s.states[id] = state
	}
	s.wake("")
}

// Dump is everything that is in the store.
func (s *Store) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, _ := json.Marshal(s.states)
	for _, state := range s.states {
		b = append(b, state.Record.Sealed...)
		b = append(b, state.Hold.Note...)
	}
	return string(b)
}

// Records is how many records there are.
func (s *Store) Records() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.states {
		if state.Record.Gen > 0 {
			n++
		}
	}
	return n
}

// Count is how many commands of a kind were carried out.
func (s *Store) Count(k store.Kind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commands[k]
}

// Do implements [store.Store].
func (s *Store) Do(ctx context.Context, id store.ID, c store.Command) (store.Reply, error) {
	if err := id.Validate(); err != nil {
		return store.Reply{}, err
	}
	s.mu.Lock()
	fault, closed := s.fault, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return store.Reply{}, store.ErrClosed
	case fault == Down:
		return store.Reply{}, errDown
	case fault == Silent:
		<-ctx.Done()
		return store.Reply{}, ctx.Err()
	case fault == Nonsense:
		return store.Reply{
			Kind: store.Have, Now: 1, Version: store.Version{Epoch: 1 << 50, Gen: 7},
			Record: store.Record{Gen: 7, Digest: "nonsense", Expires: 1 << 52, Sealed: []byte("nonsense")},
		}, nil
	case fault == Panics:
		panic("the store is broken")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := store.Step(s.states[id], store.TimeOf(time.Now()), c)
	if err != nil {
		return store.Reply{}, err
	}
	if s.states == nil {
		s.states = make(map[store.ID]store.State)
	}
	if s.commands == nil {
		s.commands = make(map[store.Kind]int)
	}
	s.commands[c.Kind]++
	s.states[id] = r.State
	if r.Change == store.Pushed {
		s.wake(id)
	}
	return r.Reply, nil
}

// wake lets watchers know; those of all IDs if it is empty.
func (s *Store) wake(id store.ID) {
	for w := range s.watchers {
		if id == "" || w.id == id {
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
	}
}

// Watch implements [store.Store].
func (s *Store) Watch(ctx context.Context, id store.ID, push func(store.Push)) error {
	w := &watcher{id, make(chan struct{}, 1)}
	w.news <- struct{}{}
	s.mu.Lock()
	if s.watchers == nil {
		s.watchers = make(map[*watcher]bool)
	}
	s.watchers[w] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, w)
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.news:
		}
		s.mu.Lock()
		state, fault, closed := s.states[id], s.fault, s.closed
		s.mu.Unlock()
		if closed {
			return store.ErrClosed
		}
		if fault != None {
			return errDown
		}
		push(state.Push(store.TimeOf(time.Now())))
	}
}

// Close implements [store.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake("")
	return nil
}
