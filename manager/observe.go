package manager

import (
	"context"
	"log/slog"
	"sync"
)

// maxQueued is how many events wait for a slow hook before further ones are dropped and counted.
const maxQueued = 1024

// observer brings events to the hook and the logger, in order, on a goroutine that lives only while there are any, and
// never on the owner: a log exporter may itself be waiting for a token of this manager.
type observer struct {
	hook   func(Event)
	logger *slog.Logger

	mu      sync.Mutex
	queue   []Event
	running bool
}

func newObserver(hook func(Event), logger *slog.Logger) *observer {
	if hook == nil && logger == nil {
		return nil
	}
	return &observer{hook: hook, logger: logger}
}

// add queues an event and reports whether there was room.
func (b *observer) add(e Event) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) >= maxQueued {
		return false
	}
	b.queue = append(b.queue, e)
	if !b.running {
		b.running = true
		go b.drain()
	}
	return true
}

func (b *observer) drain() {
	drained := false
	defer func() {
		if !drained {
			go b.drain() // the hook ended this goroutine with runtime.Goexit, as t.FailNow does
		}
	}()
	for {
		e, ok := b.next()
		if !ok {
			drained = true
			return
		}
		if b.hook != nil {
			b.hook(e)
		}
		if b.logger != nil {
			b.logger.LogAttrs(context.Background(), e.level(), "alf: "+string(e.Kind), e.attrs()...)
		}
	}
}

func (b *observer) next() (Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.queue, b.running = nil, false
		return Event{}, false
	}
	e := b.queue[0]
	b.queue = b.queue[1:]
	return e, true
}
