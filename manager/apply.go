package manager

import "github.com/alf-go/alf/internal/core"

// apply does what the core decided, in the order its Effects prescribe. Whether outcomes are wanted comes first: a
// caller that reads what is published, or gets a reply, sends its request at once.
func (e *entry) apply(msg message, in *core.Input, effects *core.Effects) {
	e.observe()
	if effects.Cancel {
		e.cancel(e.whyCancelled(msg))
	}
	e.keep(msg, effects)
	if effects.Contested {
		e.contest()
	}
	if effects.Fetch {
		e.start(effects)
	}
	e.consult(msg, effects)
	if effects.CheckCredentials {
		e.checkCredentials()
	}
	if effects.Failure.Kind != core.NoFailure {
		e.failure = e.describe(effects.Failure, msg)
	}
	e.arm(effects.Wake, effects.Armed)
	e.sendReplies(msg, in, effects)
	e.notify(msg, effects)
	e.report(msg, in, effects)
	if s, ok := msg.(stats); ok {
		s.reply <- e.stats()
	}
	if effects.Ended {
		e.end(e.member)
	}
}

// keep publishes and withdraws, and remembers what a fetch returned.
func (e *entry) keep(msg message, effects *core.Effects) {
	if e.pooled != nil && (effects.Withdraw || effects.Publish) {
		e.pooled.noteReads() // the token that goes takes with it what is known of them
	}
	if effects.Withdraw {
		e.current.Store(nil)
		e.shard.expiries.remove(e)
	}
	if o, ok := msg.(offered); ok && effects.Publish {
		e.adopt(&o, effects)
		return
	}
	f, ok := msg.(fetched)
	if !ok || effects.Late {
		return
	}
	e.cancel = nil
	if f.err != nil {
		e.lastErr = f.err
		return
	}
	e.lastErr = nil
	var s *snapshot
	if e.arrived, s = newToken(&f, effects.Publication); effects.Publish {
		e.held, e.rejected = e.arrived, nil
		e.publish(s, effects)
	}
}

// adopt publishes another process's token.
func (e *entry) adopt(o *offered, effects *core.Effects) {
	var s *snapshot
	f := &fetched{token: o.token}
	if e.pooled != nil {
		f.compact = newCompact(o.token)
	}
	e.arrived, s = newToken(f, effects.Publication)
	e.held, e.rejected, e.lastErr = e.arrived, nil, nil
	e.publish(s, effects)
}

// newToken makes a token of what a fetch returned, and room for its snapshot.
func newToken(f *fetched, p core.Publication) (*Token, *snapshot) {
	if f.compact != nil {
		f.compact.token.date(p)
		return &f.compact.token, &f.compact.snapshot
	}
	known := *f.token
	known.Expiry = p.Expiry
	made := NewToken(p.Token, &known)
	made.date(p)
	return made, new(snapshot)
}

// date takes over from the core what it decided about the token.
func (t *Token) date(p core.Publication) {
	t.id, t.expiry, t.margin, t.ahead = p.Token, p.Expiry, p.Expiry.Sub(p.EffectiveExpiry), p.Expiry.Sub(p.RefreshTime)
}

// publish makes the token known, and has it withdrawn after its life whatever the clock reads by then (M2).
func (e *entry) publish(s *snapshot, effects *core.Effects) {
	p := effects.Publication
	s.token, s.refreshTime, s.life = e.held, p.RefreshTime, p.EffectiveExpiry.Sub(p.Start)
	s.setContest(&e.core) // the value that comes again remains contested (M21)
	e.shard.expiries.set(e, e.shard.elapsed+p.Life)
	e.current.Store(s)
}

// contest lets readers know from which origins the token is withdrawn (M21).
func (e *entry) contest() {
	if s := e.current.Load(); s != nil {
		s.setContest(&e.core)
		if len(e.core.Contesting()) > 0 {
			e.rejected = s.token
			if e.pooled != nil {
				e.pooled.noteRejected(s.token)
			}
		}
	}
}

// observe lets callers know whether outcomes are wanted (M13).
func (e *entry) observe() {
	if now := e.core.Observes(); now != e.observing.Load() {
		e.observing.Store(now)
	}
}
