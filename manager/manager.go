// Package manager keeps one OAuth 2.0 access token: it fetches it when a caller first asks, refreshes it ahead of its
// expiry while it is in use, replaces it when a resource server rejects it, and gets through outages of the token
// endpoint without ever having more than one fetch in flight.
//
//	tokens, err := manager.New(manager.Config{Fetcher: manager.FetcherFunc(requestToken)})
//	if err != nil {
//		return err
//	}
//	defer tokens.Close()
//	token, err := tokens.Token(ctx)
//	err = broker.Login(token.Value())
//
// It can be used without an HTTP client, because gRPC, message brokers and databases take a [Token] as well. Its tokens
// come from any [Fetcher]. Programs that send HTTP requests take package alf, which has a manager within.
//
// # How it works
//
// One goroutine, the owner, owns the token and receives messages over a channel. It publishes what it has as an
// immutable snapshot, so that a caller that finds a usable token there reads it without a lock, a channel or an
// allocation.
//
// # What callers get
//
// [Manager.Token] returns the current token or waits for one; [Manager.TokenValidFor] one that lasts for some time;
// [Manager.Watch] each new one. [Manager.Replace] reports that a server has rejected one, and waits for its successor;
// [Manager.Invalidate] does not wait. If no token is available, the error is an *[Error], which says when the next
// attempt is allowed.
//
// # Many tokens
//
// A [Pool] keeps many tokens, without a goroutine for each. Managers of one token endpoint share an [Endpoint], so that
// an outage is discovered and probed once. Processes share a token through [Sharing].
package manager

import (
	"context"
	"fmt"
	"time"
)

// Manager is the handle callers hold. Make one with [New]: the zero value is of no use, since no owner replies to its
// callers. Its methods are safe for concurrent use. Close it when it is no longer needed: its goroutine ends with it.
type Manager struct {
	entry
}

// alone is a Manager with its owner's state, as one allocation.
type alone struct {
	Manager
	state
}

var _ Source = (*Manager)(nil)

// New starts a manager. It fetches nothing until a caller asks for a token. The error names every setting that makes no
// sense: it contains one *[FieldError] for each.
func New(cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("manager: unusable Config:\n%w", err)
	}
	var m *member
	if cfg.Endpoint != nil {
		m = cfg.Endpoint.member(cfg.ClientID)
		m.join()
	}
	policy := cfg.Policy.core()
	a := &alone{state: state{
		core: newCore(policy, m, cfg.Sharing != nil), fetcher: cfg.Fetcher, member: m, shared: newSharer(cfg.Sharing, policy),
	}}
	s := new(shard)
	s.init(cfg.Clock, cfg.Rand, newObserver(cfg.Hook, cfg.Logger))
	s.entries = 1
	a.Manager.shard, a.Manager.state = s, &a.state
	go s.run()
	return &a.Manager, nil
}

// Token returns a usable token: the current one at once, or else the one that a fetch returns, which is made once for
// all callers that wait. ctx ends the wait of this caller alone, with its cause; it neither stops the fetch nor passes
// it values. Other errors: *[Error] if no token is available, [ErrClosed].
//
// A caller that knows which resource server the token is for uses [Manager.TokenFor] instead. While an origin contests
// the token (see there), Token waits for the successor until the first attempts to get one have failed.
func (m *Manager) Token(ctx context.Context) (*Token, error) {
	if s := m.current.Load(); s != nil && s.usable(m.shard.clock.Now(), &m.entry, "") {
		return s.token, nil
	}
	return m.entry.get(ctx, get{})
}

// TokenFor is Token for a request to an origin, which the path may follow: "https://api.example.com:443/v1/items".
//
// An origin that rejects the current token contests it until a successor is published, unless the rejection is
// suppressed ([ErrSuppressed]) or the origin is guarded ([Guarded]): then the token stays in use there as well. A
// contested token is not returned for that origin: its requests wait for the successor, or fail with the *[Error] that
// says why there is none. For all other origins it remains available, so that one resource server cannot take a good
// token from the others. A caller of Invalidate or Replace that names no origin (a name without "://" is none)
// withdraws it from all, until the first attempts to get a successor have failed.
func (m *Manager) TokenFor(ctx context.Context, origin string) (*Token, error) {
	if s := m.current.Load(); s != nil && s.usable(m.shard.clock.Now(), &m.entry, origin) {
		return s.token, nil
	}
	return m.entry.get(ctx, get{target: origin})
}

// TokenValidFor is Token for a caller that needs the token for some time, such as for a connection that ends with it:
// it fetches a successor if the current token's effective expiry comes sooner than min from now, at most once a second.
// If the endpoint's tokens do not live that long, the error is [ErrTooShort].
func (m *Manager) TokenValidFor(ctx context.Context, min time.Duration) (*Token, error) {
	return m.validFor(ctx, min)
}

// Current returns the current token. It returns nil if there is none, or if an origin contests it (see
// [Manager.TokenFor]). It neither waits nor allocates.
func (m *Manager) Current() *Token { return m.currentToken() }

// ObservesOutcomes reports whether the outcomes of all requests are wanted, not only those of retries. It is one atomic
// load. A request that was sent while it was true should be followed by [Manager.ReportOutcome].
func (m *Manager) ObservesOutcomes() bool { return m.observing.Load() }

// ReportOutcome reports whether a resource server accepted a token. The outcome of every retry should be reported, and
// that of a first send if [Manager.ObservesOutcomes] was true when it was sent (a rejected first send is reported by
// Replace or Invalidate already). From this evidence the manager distinguishes a server that always responds with a 401
// from one whose tokens are really revoked. A caller of Replace that reports no outcomes is treated as if its retries
// were rejected. It does not wait for a fetch.
func (m *Manager) ReportOutcome(o Outcome) { m.send(outcome{o}) }

// Replace reports that the resource server at origin, which the path of the request may follow, rejected a token, and
// waits for its successor as TokenFor does. If the token is no longer the current one, nothing changes and the current
// one is returned. An error that is [ErrSuppressed] says that the token stays in use, because a fetch for this
// rejection may not start now. A successor that is the Same as the rejected token means that the endpoint returns that
// value again.
func (m *Manager) Replace(ctx context.Context, rejected *Token, origin string) (*Token, error) {
	return m.entry.ask(ctx, func(to chan<- reply) message { return invalidate{rejected.Value(), origin, true, to} })
}

// Invalidate is Replace without the wait: nil says that a successor is being fetched, or that the token was no longer
// current.
func (m *Manager) Invalidate(rejected *Token, origin string) error {
	return m.InvalidateValue(rejected.Value(), origin)
}

// InvalidateValue is [Manager.Invalidate] for callers that hold only the token's value.
func (m *Manager) InvalidateValue(value, origin string) error {
	to := make(chan reply, 1)
	_, err := m.entry.exchange(context.Background(), invalidate{value, origin, false, to}, to)
	return err
}

// Refresh fetches a token now, lifting every backoff, and waits for it as Token does. If a fetch is in flight already,
// Refresh waits for that one. Meanwhile other callers keep getting the current token.
func (m *Manager) Refresh(ctx context.Context) (*Token, error) {
	return m.entry.ask(ctx, func(to chan<- reply) message { return refresh{to} })
}

// Stats reports the manager's state and what it has counted. After Close, what it had counted by then.
func (m *Manager) Stats() Stats {
	reply := make(chan Stats, 1)
	if m.send(stats{reply}) {
		return <-reply
	}
	return m.entry.stats() // what the owner has left: it changes nothing any more
}

// Close ends the manager: all callers that wait get [ErrClosed], and the fetch in flight is cancelled. Close returns
// when the owner and that fetch have ended, or 5 s after the cancellation, when the fetch is abandoned. Further calls
// wait until the first one has ended. A token that is being handed in to [Config].Sharing is waited for, for 150 ms at
// most. The error is always nil. Close does not wait for a hook that is running, so a hook may call it. A fetcher that
// calls Close waits for itself, until it is abandoned.
func (m *Manager) Close() error {
	m.send(closing{})
	<-m.shard.done
	m.shared.handedIn()
	return nil
}
