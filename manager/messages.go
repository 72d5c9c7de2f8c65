package manager

import (
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// delivery is a message on its way to an owner. It names the entry that it is about; none, if it is about the time.
type delivery struct {
	to  *entry
	msg message
}

// message is what can be sent to an owner.
type message interface {
	// input is the message as the core understands it. now is the reading of the clock.
	input(e *entry, now time.Time) core.Input
	// sender is where the reply goes; nil if no reply is wanted.
	sender() chan<- reply
}

// reply is what the owner sends to a caller. Its channel has room for it, so the owner never waits for a caller.
type reply struct {
	token *Token
	err   error
}

// get: a caller found no token in the published snapshot that it may use.
type get struct {
	target  string // the origin, with the path
	minLife time.Duration
	reply   chan<- reply
}

// invalidate: a caller saw a token rejected. With a successor wanted, the reply is what get would return.
type invalidate struct {
	value  string
	target string
	wait   bool
	reply  chan<- reply
}

// refresh: a caller wants a fetch now.
type refresh struct{ reply chan<- reply }

// outcome: a caller reports what a resource server made of a token.
type outcome struct{ Outcome }

// fetched: a fetch ended. What its outcome means was classified where it ran.
type fetched struct {
	flight uint64
	token  *oauth2.Token
	// compact is the token as a pool keeps it; nil: there is no such form of it.
	compact *compact
	err     error
	result  core.Result
	// evidence is what the outcome proves about the endpoint (E2).
	evidence finding
}

// tick: an alarm that was set for this time of the shard fired. It is about no entry.
type tick struct{ at core.Elapsed }

// woken: the core's deadline has passed. It comes from the owner itself, as the next one does. It is a hint; the core
// looks at the time.
type woken struct{}

// look: a token of a pool is looked at, whether it is still used.
type look struct{}

// retire: a token of a pool is forgotten, evicted, or closed with the pool. Callers that wait get that error.
type retire struct {
	why  pool.Reason
	done chan<- struct{} // closed when callers cannot read it any more; nil: no one waits for that
}

// expired: the effective expiry of the published token has passed by the time elapsed.
type expired struct{}

// refreshHint: a caller read a token whose refresh time had passed.
type refreshHint struct{}

// credentialsChecked: the check of the client credentials is done.
type credentialsChecked struct{ changed bool }

// stats: a caller wants to know how things are.
type stats struct{ reply chan<- Stats }

// closing: a caller wants everything to end.
type closing struct{}

func (m get) sender() chan<- reply              { return m.reply }
func (m invalidate) sender() chan<- reply       { return m.reply }
func (m refresh) sender() chan<- reply          { return m.reply }
func (outcome) sender() chan<- reply            { return nil }
func (fetched) sender() chan<- reply            { return nil }
func (tick) sender() chan<- reply               { return nil }
func (woken) sender() chan<- reply              { return nil }
func (look) sender() chan<- reply               { return nil }
func (retire) sender() chan<- reply             { return nil }
func (expired) sender() chan<- reply            { return nil }
func (refreshHint) sender() chan<- reply        { return nil }
func (credentialsChecked) sender() chan<- reply { return nil }
func (stats) sender() chan<- reply              { return nil }
func (closing) sender() chan<- reply            { return nil }
func (watch) sender() chan<- reply              { return nil }
func (unwatch) sender() chan<- reply            { return nil }
func (admitted) sender() chan<- reply           { return nil }
func (refused) sender() chan<- reply            { return nil }

func (refresh) input(*entry, time.Time) core.Input     { return core.Input{Kind: core.Refresh, Wait: true} }
func (refreshHint) input(*entry, time.Time) core.Input { return core.Input{Kind: core.RefreshHint} }
func (closing) input(*entry, time.Time) core.Input     { return core.Input{Kind: core.Close} }
func (stats) input(*entry, time.Time) core.Input       { return core.Input{} }
func (look) input(*entry, time.Time) core.Input        { return core.Input{} }
func (retire) input(*entry, time.Time) core.Input      { return core.Input{Kind: core.Close} }
func (tick) input(*entry, time.Time) core.Input        { return core.Input{} }

func (watch) input(e *entry, _ time.Time) core.Input {
	e.watchers++
	return core.Input{Kind: core.Watch}
}

func (unwatch) input(e *entry, _ time.Time) core.Input {
	e.watchers--
	return core.Input{}
}

func (m admitted) input(*entry, time.Time) core.Input {
	return core.Input{Kind: core.Admitted, Flight: m.flight}
}

func (m refused) input(*entry, time.Time) core.Input {
	return core.Input{Kind: core.Refuse, Flight: m.flight, For: m.refusal.For}
}

func (woken) input(e *entry, _ time.Time) core.Input {
	return core.Input{Kind: core.Wake, At: e.wakeBy}
}

func (expired) input(e *entry, _ time.Time) core.Input {
	return core.Input{Kind: core.Expire, Publication: e.core.Publications()}
}

func (m credentialsChecked) input(*entry, time.Time) core.Input {
	return core.Input{Kind: core.CredentialsChecked, Changed: m.changed}
}

func (m get) input(e *entry, _ time.Time) core.Input {
	in := core.Input{Kind: core.Get, MinLife: m.minLife}
	origin, path := splitOrigin(m.target)
	in.Origin, in.Path = originID(e.shard.seed, origin), pathID(e.shard.seed, path)
	return in
}

func (m invalidate) input(e *entry, _ time.Time) core.Input {
	in := core.Input{Kind: core.Invalidate, Current: e.isCurrent(m.value), Wait: m.wait}
	in.Origin, in.Path = e.identify(m.target)
	return in
}

func (m outcome) input(e *entry, now time.Time) core.Input {
	in := core.Input{
		Kind: core.ReportOutcome, Current: e.isCurrent(m.Token.Value()),
		Retry: m.Retry, Accepted: m.Accepted,
	}
	in.Origin, in.Path = e.identify(m.Origin)
	if !m.Sent.IsZero() {
		in.Age = max(now.Sub(m.Sent), 0)
	}
	return in
}

func (m fetched) input(e *entry, _ time.Time) core.Input {
	in := core.Input{Kind: core.Fetched, Flight: m.flight, Result: m.result}
	in.Result.Same = in.Result.OK && e.held != nil && e.held.Value() == m.token.AccessToken
	return in
}

// identify makes numbers of an origin and the path that follows it, and remembers the name.
func (e *entry) identify(target string) (originNumber, pathNumber uint64) {
	origin, path := splitOrigin(target)
	id := originID(e.shard.seed, origin)
	e.know(id, origin)
	return id, pathID(e.shard.seed, path)
}

// isCurrent reports whether a value is that of the published token.
func (e *entry) isCurrent(value string) bool {
	current := e.current.Load()
	return current != nil && current.token.Value() == value
}
