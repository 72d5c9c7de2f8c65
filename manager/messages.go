package manager

import (
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
)

// message is what can be sent to the owner.
type message interface {
	// input is the message as the core understands it. now is the reading of the clock.
	input(o *owner, now time.Time) core.Input
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
	err    error
	result core.Result
}

// deadline: the timer fired. It is a hint; the core looks at the time.
type deadline struct{ at core.Elapsed }

// expired: the timer set at a publication fired.
type expired struct{ publication uint64 }

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
func (deadline) sender() chan<- reply           { return nil }
func (expired) sender() chan<- reply            { return nil }
func (refreshHint) sender() chan<- reply        { return nil }
func (credentialsChecked) sender() chan<- reply { return nil }
func (stats) sender() chan<- reply              { return nil }
func (closing) sender() chan<- reply            { return nil }
func (watch) sender() chan<- reply              { return nil }
func (unwatch) sender() chan<- reply            { return nil }

func (refresh) input(*owner, time.Time) core.Input     { return core.Input{Kind: core.Refresh, Wait: true} }
func (refreshHint) input(*owner, time.Time) core.Input { return core.Input{Kind: core.RefreshHint} }
func (closing) input(*owner, time.Time) core.Input     { return core.Input{Kind: core.Close} }
func (stats) input(*owner, time.Time) core.Input       { return core.Input{} }

func (watch) input(o *owner, _ time.Time) core.Input {
	o.watchers++
	return core.Input{Kind: core.Watch}
}

func (unwatch) input(o *owner, _ time.Time) core.Input {
	o.watchers--
	return core.Input{}
}

func (m deadline) input(*owner, time.Time) core.Input {
	return core.Input{Kind: core.Wake, At: m.at}
}

func (m expired) input(*owner, time.Time) core.Input {
	return core.Input{Kind: core.Expire, Publication: m.publication}
}

func (m credentialsChecked) input(*owner, time.Time) core.Input {
	return core.Input{Kind: core.CredentialsChecked, Changed: m.changed}
}

func (m get) input(o *owner, _ time.Time) core.Input {
	in := core.Input{Kind: core.Get, MinLife: m.minLife}
	origin, path := splitOrigin(m.target)
	in.Origin, in.Path = originID(o.seed, origin), pathID(o.seed, path)
	return in
}

func (m invalidate) input(o *owner, _ time.Time) core.Input {
	in := core.Input{Kind: core.Invalidate, Current: o.isCurrent(m.value), Wait: m.wait}
	in.Origin, in.Path = o.identify(m.target)
	return in
}

func (m outcome) input(o *owner, now time.Time) core.Input {
	in := core.Input{
		Kind: core.ReportOutcome, Current: o.isCurrent(m.Token.Value()),
		Retry: m.Retry, Accepted: m.Accepted,
	}
	in.Origin, in.Path = o.identify(m.Origin)
	if !m.Sent.IsZero() {
		in.Age = max(now.Sub(m.Sent), 0)
	}
	return in
}

func (m fetched) input(o *owner, _ time.Time) core.Input {
	in := core.Input{Kind: core.Fetched, Flight: m.flight, Result: m.result}
	in.Result.Same = in.Result.OK && o.held != nil && o.held.Value() == m.token.AccessToken
	return in
}

// identify makes numbers of an origin and the path that follows it, and remembers the name.
func (o *owner) identify(target string) (originNumber, pathNumber uint64) {
	origin, path := splitOrigin(target)
	id := originID(o.seed, origin)
	o.know(id, origin)
	return id, pathID(o.seed, path)
}

// isCurrent reports whether a value is that of the published token.
func (o *owner) isCurrent(value string) bool {
	current := o.current.Load()
	return current != nil && current.token.Value() == value
}
