// Package manager keeps one OAuth 2.0 access token: it fetches it when somebody first asks, renews it ahead of its expiry
// while it is in use, replaces it when an API rejects it, and gets through outages of the token endpoint without ever
// having more than one fetch in flight.
//
// One goroutine, the owner, owns the token and is told things over a channel; it publishes what it has as an immutable
// snapshot, so that a caller who finds a usable token there reads it without a lock, a channel or an allocation. It needs
// no HTTP client above it (gRPC, message brokers and databases take a [Token] as well), and any [Fetcher] will do below.
package manager

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// Manager is the handle callers hold. Make one with [New]: the zero value is of no use, since nobody is there to answer its
// callers. Its methods are safe for concurrent use. Close it when it is no longer needed: its goroutine ends with it.
type Manager struct {
	clock   clock.Clock
	current atomic.Pointer[snapshot] // nil: there is no token. Only the owner stores.
	// observing is true while outcomes of first sends are wanted. Only the owner stores.
	observing atomic.Bool
	inbox     chan message
	done      chan struct{} // closed when the owner has ended
	final     *Stats        // written before done is closed, read after
}

var _ Source = (*Manager)(nil)

// New starts a manager. It fetches nothing until somebody asks for a token. The error names every setting that makes no
// sense.
func New(cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("manager: unusable Config:\n%w", err)
	}
	o := newOwner(cfg)
	go o.run()
	return o.Manager, nil
}

// Token returns a usable token: the current one at once, or else the one that a fetch brings, which is made once for
// everyone who waits. ctx ends the wait of this caller alone, with its cause; it neither stops the fetch nor lends it
// values. Other errors: *[Error] if no token can be had, [ErrClosed].
func (m *Manager) Token(ctx context.Context) (*Token, error) {
	if s := m.current.Load(); s != nil && s.usable(m.clock.Now(), m) {
		return s.token, nil
	}
	reply := make(chan answer, 1)
	return m.ask(ctx, get{reply}, reply)
}

// TokenFor is Token for a request to origin, which the path may follow: "https://api.example.com:443/v1/items". A token
// that this origin has rejected is not returned for it; to all other origins it remains available until its successor has
// arrived.
func (m *Manager) TokenFor(ctx context.Context, origin string) (*Token, error) {
	return m.Token(ctx)
}

// TokenValidFor is Token, where the token will be handed out for min at least: it fetches a successor if the current
// token's effective expiry comes sooner. If the endpoint's tokens do not live that long, the error says so.
func (m *Manager) TokenValidFor(ctx context.Context, min time.Duration) (*Token, error) {
	return m.Token(ctx)
}

// Current returns the current token if it may be sent to any origin, and otherwise nil. It neither waits nor allocates.
func (m *Manager) Current() *Token {
	if s := m.current.Load(); s != nil && s.usable(m.clock.Now(), m) {
		return s.token
	}
	return nil
}

// ObservesOutcomes reports whether the outcomes of all requests are wanted, not only those of retries. It is one atomic
// load. A request that was sent while it was true should be followed by [Manager.ReportOutcome].
func (m *Manager) ObservesOutcomes() bool { return m.observing.Load() }

// ReportOutcome reports whether a resource server accepted a token. The outcome of every retry should be reported, and that
// of a first send if [Manager.ObservesOutcomes] was true when it was sent. A caller of Replace that reports no outcomes is
// treated as if its retries were rejected. It does not wait for a fetch.
func (m *Manager) ReportOutcome(outcome Outcome) {}

// Replace reports that rejecter, an API's origin, refused a token, and waits for its successor as Token does. If the token
// is not the current one any more, nothing changes and the current one is returned. An error that is [ErrSuppressed] says
// that the token stays in use, because a fetch for this rejection may not start now. A successor that is the Same as the
// rejected token means that the endpoint hands it out again.
func (m *Manager) Replace(ctx context.Context, rejected *Token, rejecter string) (*Token, error) {
	reply := make(chan answer, 1)
	return m.ask(ctx, invalidate{rejected.Value(), rejecter, true, reply}, reply)
}

// Invalidate is Replace without the wait: nil says that the token is replaced or was not current any more.
func (m *Manager) Invalidate(rejected *Token, rejecter string) error {
	return m.InvalidateValue(rejected.Value(), rejecter)
}

// InvalidateValue is [Manager.Invalidate] for callers who hold the token's value alone.
func (m *Manager) InvalidateValue(value, rejecter string) error {
	reply := make(chan answer, 1)
	_, err := m.ask(context.Background(), invalidate{value, rejecter, false, reply}, reply)
	return err
}

// Refresh fetches a token now, lifting every backoff, and waits for it as Token does. A fetch that is in flight already is
// the one it waits for. Meanwhile others keep getting the current token.
func (m *Manager) Refresh(ctx context.Context) (*Token, error) {
	reply := make(chan answer, 1)
	return m.ask(ctx, refresh{reply}, reply)
}

// Stats tells the manager's state and what it has counted. After Close, what it had counted by then.
func (m *Manager) Stats() Stats {
	reply := make(chan Stats, 1)
	select {
	case m.inbox <- stats{reply}:
		return <-reply
	case <-m.done:
		return *m.final
	}
}

// Close ends the manager: everyone who waits gets [ErrClosed], the fetch in flight is cancelled, and Close returns when it
// and the owner have ended, or the fetch has ignored its cancellation for 5 s. Further calls wait for the same end. It
// returns nil. A hook that is running is not waited for, and may itself call Close; a fetcher that calls it
// keeps it waiting until it is given up.
func (m *Manager) Close() error {
	select {
	case m.inbox <- closing{}:
		<-m.done
	case <-m.done:
	}
	return nil
}

// ask sends a message and waits for the answer to it, or for the end of ctx. The answer's channel has room for it, so a
// caller that has gone leaves nobody waiting.
func (m *Manager) ask(ctx context.Context, msg message, reply <-chan answer) (*Token, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case m.inbox <- msg:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-m.done:
		return nil, ErrClosed
	}
	select {
	case a := <-reply:
		return a.token, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
