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

	mu       sync.Mutex
	queue    []Event
	running  bool
	dropped  uint64
	panicked uint64
}

func newObserver(hook func(Event), logger *slog.Logger) *observer {
	if hook == nil && logger == nil {
		return nil
	}
	return &observer{hook: hook, logger: logger}
}

// add queues an event, if there is room.
func (b *observer) add(e Event) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) >= maxQueued {
		b.dropped++
		return
	}
	b.queue = append(b.queue, e)
	if !b.running {
		b.running = true
		go b.drain()
	}
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
			if err := guarded("the hook", func() { b.hook(e) }); err != nil {
				b.notePanic(e, err)
			}
		}
		if b.logger != nil {
			if err := b.log(b.logger, e); err != nil {
				b.notePanic(e, err)
			}
		}
	}
}

// log writes an event. The error is that the handler panicked.
func (b *observer) log(to *slog.Logger, e Event) error {
	return guarded("the log handler", func() {
		to.LogAttrs(context.Background(), e.level(), "alf: "+string(e.Kind), e.attrs()...)
	})
}

// notePanic counts a panic of the hook or the log handler, and logs it: to the configured logger if there is one and it
// works, and otherwise to the default one.
func (b *observer) notePanic(during Event, err error) {
	b.mu.Lock()
	b.panicked++
	b.mu.Unlock()
	report := Event{Kind: HookPanicked, Time: during.Time, Err: err}
	if b.logger == nil || b.log(b.logger, report) != nil {
		_ = b.log(slog.Default(), report)
	}
}

// losses is how many events were dropped, and how many panics there have been.
func (b *observer) losses() (dropped, panicked uint64) {
	if b == nil {
		return 0, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped, b.panicked
}

// guarded calls f and makes an error of a panic.
func guarded(what string, f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(what, r)
		}
	}()
	f()
	return nil
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
