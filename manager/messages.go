package manager

import (
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
)

// message is what can be said to the owner.
type message interface {
	// input is the message as the core understands it.
	input(o *owner) core.Input
	// sender is where the answer goes; nil if nobody wants one.
	sender() chan<- answer
}

// answer is what the owner says to a caller. Its channel has room for it, so the owner never waits for anybody.
type answer struct {
	token *Token
	err   error
}

// get: a caller found no usable token in the published snapshot.
type get struct{ reply chan<- answer }

// invalidate: a caller saw a token refused. With a successor wanted, the answer is what get would answer.
type invalidate struct {
	value    string
	rejecter string
	wait     bool
	reply    chan<- answer
}

// refresh: a caller wants a fetch now.
type refresh struct{ reply chan<- answer }

// fetched: a fetch ended. What its outcome means was judged where it ran.
type fetched struct {
	flight uint64
	token  *oauth2.Token
	err    error
	result core.Result
}

// due: the timer fired. It is a hint; the core looks at the time.
type due struct{ at core.Elapsed }

// expired: the timer set at a publication fired.
type expired struct{ publication uint64 }

// nudge: a caller read a token that was due.
type nudge struct{}

// stats: a caller wants to know.
type stats struct{ reply chan<- Stats }

// closing: a caller wants everything to end.
type closing struct{}

func (m get) sender() chan<- answer        { return m.reply }
func (m invalidate) sender() chan<- answer { return m.reply }
func (m refresh) sender() chan<- answer    { return m.reply }
func (m fetched) sender() chan<- answer    { return nil }
func (m due) sender() chan<- answer        { return nil }
func (m expired) sender() chan<- answer    { return nil }
func (m nudge) sender() chan<- answer      { return nil }
func (m stats) sender() chan<- answer      { return nil }
func (m closing) sender() chan<- answer    { return nil }

func (m get) input(*owner) core.Input     { return core.Input{Kind: core.Get} }
func (m refresh) input(*owner) core.Input { return core.Input{Kind: core.Refresh} }
func (m nudge) input(*owner) core.Input   { return core.Input{Kind: core.RefreshHint} }
func (m closing) input(*owner) core.Input { return core.Input{Kind: core.Close} }
func (m stats) input(*owner) core.Input   { return core.Input{} }
func (m due) input(*owner) core.Input     { return core.Input{Kind: core.Wake, At: m.at} }
func (m expired) input(*owner) core.Input {
	return core.Input{Kind: core.Expire, Publication: m.publication}
}

func (m invalidate) input(o *owner) core.Input {
	current := o.current.Load()
	return core.Input{
		Kind:    core.Invalidate,
		Current: current != nil && current.token.Value() == m.value,
		Wait:    m.wait,
		Origin:  o.rejecterID(m.rejecter),
	}
}

func (m fetched) input(o *owner) core.Input {
	in := core.Input{Kind: core.Fetched, Flight: m.flight, Result: m.result}
	in.Result.Same = in.Result.OK && o.held != nil && o.held.Value() == m.token.AccessToken
	return in
}
