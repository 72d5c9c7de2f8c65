package manager

import (
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
)

// apply does what the core decided, in the order its Effects prescribe.
func (o *owner) apply(msg message, in *core.Input, e *core.Effects) {
	if e.Cancel {
		o.cancel(o.whyCancelled(msg))
	}
	o.keep(msg, e)
	if e.Contested {
		o.contest()
	}
	if e.Fetch {
		o.start(e)
	}
	if e.CheckCredentials {
		o.checkCredentials()
	}
	if e.Failure.Kind != core.NoFailure {
		o.failure = o.describe(e.Failure)
	}
	o.arm(e.Wake, e.Armed)
	o.sendReplies(msg, e)
	o.notify(msg, e)
	o.observe()
	o.report(msg, in, e)
	if s, ok := msg.(stats); ok {
		s.reply <- o.snapshotStats()
	}
	o.over = e.Ended
}

// keep publishes and withdraws, and remembers what a fetch returned.
func (o *owner) keep(msg message, e *core.Effects) {
	if e.Withdraw {
		o.current.Store(nil)
		o.expiry.Stop()
	}
	f, ok := msg.(fetched)
	if !ok || e.Late {
		return
	}
	o.cancel = nil
	if f.err != nil {
		o.lastErr = f.err
		return
	}
	o.lastErr = nil
	o.arrived = newToken(f.token, e.Publication)
	if e.Publish {
		o.held, o.rejected = o.arrived, nil
		o.publish(e)
	}
}

func newToken(t *oauth2.Token, p core.Publication) *Token {
	known := *t
	known.Expiry = p.Expiry
	made := NewToken(p.Token, &known)
	made.margin, made.ahead = p.Expiry.Sub(p.EffectiveExpiry), p.Expiry.Sub(p.RefreshTime)
	return made
}

// publish makes the token known, with a timer that withdraws it whatever the clock reads by then.
func (o *owner) publish(e *core.Effects) {
	p := e.Publication
	s := &snapshot{token: o.held, start: p.Start, refreshTime: p.RefreshTime, end: p.EffectiveExpiry}
	s.setContest(&o.core) // the value that comes again remains contested (M21)
	if o.expiry != nil {
		o.expiry.Stop()
	}
	m, number := o.Manager, p.Number // all that the timer keeps alive
	o.expiry = o.clock.AfterFunc(p.Life, func() { m.send(expired{number}) })
	o.current.Store(s)
}

// contest lets readers know from which origins the token is withdrawn (M21).
func (o *owner) contest() {
	if s := o.current.Load(); s != nil {
		s.setContest(&o.core)
		if len(o.core.Contesting()) > 0 {
			o.rejected = s.token
		}
	}
}

// observe lets callers know whether outcomes are wanted (M13).
func (o *owner) observe() {
	if now := o.core.Observes(); now != o.observing.Load() {
		o.observing.Store(now)
	}
}

// arm sets the timer to the core's next deadline. A timer that fires early or twice does no harm: the core looks at the
// time.
func (o *owner) arm(at core.Elapsed, armed bool) {
	if o.wake != nil {
		if armed && at == o.wakeAt {
			return
		}
		o.wake.Stop()
		o.wake = nil
	}
	if !armed {
		return
	}
	m := o.Manager
	o.wakeAt = at
	o.wake = o.clock.AfterFunc(o.core.Left(at), func() { m.send(deadline{at}) })
}

func (o *owner) disarm() {
	o.arm(0, false)
	if o.expiry != nil {
		o.expiry.Stop()
	}
}
