package manager

import (
	"context"
	"iter"
	"sync/atomic"
	"time"
)

// Handle is one token of a [Pool]: it offers what a [Manager] offers. Make one with [Pool.Handle], as often as needed:
// it is small, and handles with equal keys share their token. It does not keep the token in the pool: if that was
// forgotten or evicted, the next call has another one fetched. Its methods are safe for concurrent use.
type Handle struct {
	pool    *Pool
	key     Key
	fetcher Fetcher
	entry   atomic.Pointer[pooledEntry] // the one found last; nil: none
}

var _ Source = (*Handle)(nil)

// Handle returns a handle for the token under a key. Nothing is added to the pool until a caller asks for the token.
// The fetcher obtains it: that of the handle whose caller asks first, for as long as the token is in the pool. If it
// has a method String() string, that names the token in events. If it has a method TokenEndpoint() (*Endpoint, string),
// that is the endpoint that the token shares with others, and its client id there; nil: none. If it has a method
// Sharing() *Sharing, that is how the token is shared with other processes; nil: it is not.
func (p *Pool) Handle(key Key, f Fetcher) *Handle { return &Handle{pool: p, key: key, fetcher: f} }

// Key is the key that the handle was made with.
func (h *Handle) Key() Key { return h.key }

// Token is [Manager.Token]. Further errors: [ErrPoolFull].
func (h *Handle) Token(ctx context.Context) (*Token, error) {
	if e := h.entry.Load(); e != nil {
		if s := e.current.Load(); s != nil && s.usable(h.pool.clock.Now(), &e.entry, "") {
			return s.token, nil
		}
	}
	return h.get(ctx, get{})
}

// TokenFor is [Manager.TokenFor]. Further errors: [ErrPoolFull].
func (h *Handle) TokenFor(ctx context.Context, origin string) (*Token, error) {
	if e := h.entry.Load(); e != nil {
		if s := e.current.Load(); s != nil && s.usable(h.pool.clock.Now(), &e.entry, origin) {
			return s.token, nil
		}
	}
	return h.get(ctx, get{target: origin})
}

// TokenValidFor is [Manager.TokenValidFor]. Further errors: [ErrPoolFull].
func (h *Handle) TokenValidFor(ctx context.Context, min time.Duration) (token *Token, err error) {
	err = h.onEntry(func(e *pooledEntry) (err error) {
		token, err = e.validFor(ctx, min)
		return err
	})
	return token, err
}

// Current is [Manager.Current].
func (h *Handle) Current() *Token {
	e := h.entry.Load()
	if e == nil {
		if e = h.pool.find(&h.key); e == nil {
			return nil
		}
		h.entry.Store(e)
	}
	return e.currentToken()
}

// ObservesOutcomes is [Manager.ObservesOutcomes].
func (h *Handle) ObservesOutcomes() bool {
	e := h.entry.Load()
	return e != nil && e.observing.Load()
}

// ReportOutcome is [Manager.ReportOutcome]. A token that the pool has removed meanwhile needs no report.
func (h *Handle) ReportOutcome(o Outcome) {
	if e := h.entry.Load(); e != nil {
		e.send(outcome{o})
	}
}

// Replace is [Manager.Replace]. Further errors: [ErrPoolFull].
func (h *Handle) Replace(ctx context.Context, rejected *Token, origin string) (*Token, error) {
	return h.ask(ctx, func(to chan<- reply) message { return invalidate{rejected.Value(), origin, true, to} })
}

// Invalidate is [Manager.Invalidate].
func (h *Handle) Invalidate(rejected *Token, origin string) error {
	return h.InvalidateValue(rejected.Value(), origin)
}

// InvalidateValue is [Manager.InvalidateValue].
func (h *Handle) InvalidateValue(value, origin string) error {
	return h.onEntry(func(e *pooledEntry) error {
		to := make(chan reply, 1)
		_, err := e.exchange(context.Background(), invalidate{value, origin, false, to}, to)
		return err
	})
}

// Refresh is [Manager.Refresh]. Further errors: [ErrPoolFull].
func (h *Handle) Refresh(ctx context.Context) (*Token, error) {
	return h.ask(ctx, func(to chan<- reply) message { return refresh{to} })
}

// Watch is [Manager.Watch]. A token that is watched stays in the pool. After [Pool.Forget], the sequence goes on with
// the token that is fetched then. While the pool is full, [ErrPoolFull] is yielded, once.
func (h *Handle) Watch(ctx context.Context) iter.Seq2[*Token, error] {
	return func(yield func(*Token, error) bool) {
		w := watcher{ctx: ctx}
		for ctx.Err() == nil {
			e, err := h.acquire()
			switch {
			case err == ErrClosed:
				return
			case err != nil:
				if !w.failed && !yield(nil, err) {
					return
				}
				w.last, w.failed = nil, true
				select {
				case <-h.pool.clock.After(time.Second):
				case <-ctx.Done():
				}
				continue
			}
			w.entry = &e.entry
			if !w.run(yield) {
				return
			}
			h.entry.CompareAndSwap(e, nil)
			w.last = nil // tokens of another entry have numbers of their own
		}
	}
}

// Stats reports the token's state. What is counted is counted for all tokens of the pool: see [Pool.Stats]. For a token
// that is not in the pool it returns the zero value.
func (h *Handle) Stats() Stats {
	e := h.pool.find(&h.key)
	if e == nil {
		return Stats{}
	}
	to := make(chan Stats, 1)
	if e.send(stats{to}) {
		return <-to
	}
	return Stats{Closed: true}
}

// Forget is [Pool.Forget] for this token.
func (h *Handle) Forget() { h.pool.Forget(h.key) }

// Close does nothing: the token belongs to the pool. The error is always nil.
func (h *Handle) Close() error { return nil }

// acquire returns the entry, which it creates if the pool has none.
func (h *Handle) acquire() (*pooledEntry, error) {
	if e := h.entry.Load(); e != nil {
		return e, nil
	}
	e, err := h.pool.acquire(h.key, h.fetcher)
	if err == nil {
		h.entry.Store(e)
	}
	return e, err
}

// onEntry calls f with the entry, and with another one if the pool has removed that.
func (h *Handle) onEntry(f func(*pooledEntry) error) error {
	for {
		e, err := h.acquire()
		if err != nil {
			return err
		}
		if err = f(e); err != errForgotten {
			return err
		}
		h.entry.CompareAndSwap(e, nil)
	}
}

// get is the slow path. It is kept out of the frames of its callers, which mostly do not come here.
//
//go:noinline
func (h *Handle) get(ctx context.Context, g get) (token *Token, err error) {
	err = h.onEntry(func(e *pooledEntry) (err error) {
		if s := e.current.Load(); s != nil && s.usable(h.pool.clock.Now(), &e.entry, g.target) {
			token = s.token
			return nil
		}
		token, err = e.get(ctx, g)
		return err
	})
	return token, err
}

func (h *Handle) ask(ctx context.Context, message func(to chan<- reply) message) (token *Token, err error) {
	err = h.onEntry(func(e *pooledEntry) (err error) {
		token, err = e.ask(ctx, message)
		return err
	})
	return token, err
}
