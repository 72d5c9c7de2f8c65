package manager

import (
	"context"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

// The owner steps the core that shares the token right after the token's own. What the one decides, the other may have
// to hear of: that comes as a message of the same owner, in the same step.

// allowed: the fetch that waits may start, as far as other processes are concerned. Where there is a token endpoint
// that others share, that decides from here on.
type allowed struct{ flight uint64 }

// held: another process has met a failure, so callers are not to wait.
type held struct {
	flight uint64
	hold   store.HoldState
	left   time.Duration
	// suppress: it is a rejection that leads to no fetch.
	suppress bool
}

// offered: another process's token.
type offered struct {
	token   *oauth2.Token
	start   time.Time
	result  core.Result
	left    time.Duration
	version store.Version
}

// shareTick: the time of the sharing core's deadline has come.
type shareTick struct{ alarm uint64 }

func (storeReplied) sender() chan<- reply { return nil }
func (storePushed) sender() chan<- reply  { return nil }
func (allowed) sender() chan<- reply      { return nil }
func (held) sender() chan<- reply         { return nil }
func (offered) sender() chan<- reply      { return nil }
func (shareTick) sender() chan<- reply    { return nil }

func (storeReplied) input(*entry, time.Time) core.Input { return core.Input{} }
func (storePushed) input(*entry, time.Time) core.Input  { return core.Input{} }
func (shareTick) input(*entry, time.Time) core.Input    { return core.Input{} }

func (m allowed) input(e *entry, _ time.Time) core.Input {
	if e.member != nil {
		return core.Input{} // the endpoint admits it
	}
	return core.Input{Kind: core.Admitted, Flight: m.flight}
}

func (m held) input(*entry, time.Time) core.Input {
	return core.Input{Kind: core.Refuse, Flight: m.flight, For: m.left, Suppress: m.suppress}
}

func (m offered) input(e *entry, _ time.Time) core.Input {
	in := core.Input{Kind: core.Offered, Start: m.start, Result: m.result}
	in.Result.Same = e.held != nil && e.held.Value() == m.token.AccessToken
	in.Rejected = !in.Result.Same && e.wasRejected(m.token.AccessToken)
	return in
}

// wasRejected reports whether a value was rejected here.
func (e *entry) wasRejected(value string) bool {
	return e.rejected != nil && e.rejected.Value() == value || e.pooled != nil && e.pooled.wasRejected(value)
}

// share lets the sharing core know of what happened, and does what it decides.
func (e *entry) share(msg message, before *Token, effects *core.Effects) {
	s := e.shared
	s.readClock(e.shard.last)
	switch m := msg.(type) {
	case storeReplied:
		e.storeReplied(m)
	case storePushed:
		e.storePushed(m)
	case shareTick:
		if m.alarm == s.alarm {
			e.shareStep(sharing.Input{Kind: sharing.Wake})
		}
	case outcome:
		if d := e.digest(m.Token); m.Retry && d != "" {
			e.reportToStore(m.Outcome, d)
		}
	case allowed:
		if m.flight == s.request.flight && !s.forwarded {
			s.forwarded = true
			if e.member != nil {
				e.want(s.request)
			}
		}
	case offered:
		if effects.Publish {
			s.counts.Adopted++
			s.published = effects.Publication
			e.shareStep(sharing.Input{Kind: sharing.Adopted, Digest: e.digest(e.held), Life: m.left, Version: m.version})
		}
	}
	e.shareEvents(msg, before, effects)
	e.shareWants(effects)
	state := e.core.State()
	if s.core.Granted() && !state.Fetching && !state.Queued && !e.core.Retrying() && !effects.Publish {
		e.shareStep(sharing.Input{
			Kind: sharing.RoundFailed, Class: s.class, Backoff: e.core.Backoff(),
			Behind: e.current.Load() != nil && len(e.core.Contesting()) == 0,
			Asked:  e.core.Held(),
		})
	}
	if effects.Ended || state.Closed {
		e.shareEnd(effects.Ended)
	}
	e.sendReports()
	for len(s.pending) > 0 {
		next := s.pending[0]
		s.pending = s.pending[1:]
		e.step(next)
	}
}

// shareEvents passes on how fetches ended, and that the token was rejected.
func (e *entry) shareEvents(msg message, before *Token, effects *core.Effects) {
	s := e.shared
	for i := range effects.N {
		switch ev := &effects.Events[i]; ev.Kind {
		case core.Rejected:
			if d := e.digest(before); d != "" {
				origin := s.known.current.Origin(e.evidence.name(ev.Origin))
				guarded, good := e.core.Guarded(ev.Origin)
				e.shareStep(sharing.Input{
					Kind: sharing.Rejected, Digest: d, Origin: origin, Note: s.known.current.Rejection(origin), Guarded: guarded, Good: good,
				})
			}
		case core.RejectionSuppressed:
			// Without a guard it is suppressed for another reason, such as a backoff, and says nothing about the API.
			guarded, _ := e.core.Guarded(ev.Origin)
			if d := e.digest(before); d != "" && guarded && s.elapsed >= s.heard+outcomeEvery {
				s.heard = s.elapsed
				e.reportToStore(Outcome{Origin: e.evidence.name(ev.Origin)}, d)
			}
		case core.FetchAbandoned:
			s.class = store.Connection
			e.shareStep(sharing.Input{Kind: sharing.FetchEnded})
		case core.FetchEnded:
			s.class = classOf(msg, ev)
			in := sharing.Input{Kind: sharing.FetchEnded}
			if ev.Class == core.ClassOK && effects.Publish {
				s.published = effects.Publication
				if d := e.digest(e.held); d != "" {
					in.OK, in.Digest, in.Life = true, d, effects.Publication.Expiry.Sub(e.core.Wall())
				}
			}
			e.shareStep(in)
		}
	}
}

// shareWants passes on what is wanted.
func (e *entry) shareWants(effects *core.Effects) {
	s := e.shared
	if effects.Unqueue {
		s.request, s.forwarded = request{}, false
		e.shareStep(sharing.Input{Kind: sharing.Unwant})
	}
	if effects.Enqueue {
		s.request = request{flight: effects.Flight, new: effects.New}
		s.forwarded = false
	}
	if (effects.Enqueue || effects.Promote) && !s.forwarded {
		s.request.urgent, s.request.manual = s.request.urgent || effects.Urgent, s.request.manual || effects.Manual
		e.shareStep(sharing.Input{
			Kind: sharing.Want, Urgent: effects.Urgent && e.current.Load() == nil, Manual: effects.Manual,
		})
	}
}

// classOf says whom the failure of a fetch concerns (D6).
func classOf(msg message, ev *core.Event) store.Class {
	f, ok := msg.(fetched)
	if !ok || ev.Class != core.ClassTransient && ev.Class != core.ClassPermanent {
		return 0
	}
	switch {
	case f.result.EndsRound, f.evidence.outcome == endpoint.ServerError:
		return store.Response
	case f.evidence.outcome == endpoint.NotConnected, f.evidence.outcome == endpoint.NoResponse:
		return store.Connection
	}
	return 0
}

// digest names a token; "" as long as the keys are not known, or if there is none.
func (e *entry) digest(t *Token) store.Digest {
	if t == nil || e.shared.known == nil {
		return ""
	}
	return e.shared.known.current.Token(t.Value())
}

// storeReplied is the end of a command.
func (e *entry) storeReplied(m storeReplied) {
	e.goBy(m.keys)
	in := sharing.Input{Kind: sharing.Replied, Op: m.op, Reply: m.reply, Opened: m.found != nil, Trusted: m.trusted}
	if m.err != nil {
		in = sharing.Input{Kind: sharing.Failed, Op: m.op}
	}
	e.shareStepWith(in, m.found, m.err)
}

func (e *entry) storePushed(m storePushed) {
	if m.keys != e.shared.known {
		return // of another key
	}
	e.shareStepWith(sharing.Input{Kind: sharing.Pushed, Push: m.push, Opened: m.found != nil, Trusted: m.trusted}, m.found, nil)
}

// goBy takes over keys that were read. With other ones, everything in the store is about another place, and the token
// at hand is offered there.
func (e *entry) goBy(keys *keyring) {
	s := e.shared
	if keys == nil || keys == s.known {
		return
	}
	first := s.known == nil
	s.known, s.outcomes = keys, nil
	if !first {
		s.core = s.newCore(e.core.Policy())
		if state := e.core.State(); state.Queued && !s.forwarded {
			e.shareStep(sharing.Input{Kind: sharing.Want, Urgent: e.current.Load() == nil})
		}
	}
	if current := e.current.Load(); current != nil {
		e.shareStep(sharing.Input{
			Kind: sharing.FetchEnded, OK: true, Digest: e.digest(current.token), Life: current.token.Expiry().Sub(e.core.Wall()),
		})
	}
	if s.rewatch != nil {
		s.rewatch()
	}
	if e.pooled == nil {
		ctx, cancel := context.WithCancel(s.ctx)
		s.rewatch = cancel
		go e.watchStore(ctx, keys)
	}
}

// shareStep steps the sharing core, and does what it decides.
func (e *entry) shareStep(in sharing.Input) { e.shareStepWith(in, nil, nil) }

// shareStepWith is shareStep with the token at hand, or with the error of the command that has failed.
func (e *entry) shareStepWith(in sharing.Input, f *found, err error) {
	s := e.shared
	effects := s.core.Step(s.elapsed, bounded(e.shard.rand()), in)
	if effects.StoreFailed {
		s.giveUp()
		s.counts.Errors++
		e.emit(Event{Kind: StoreFailed, Err: storeError(in.Kind, err)})
	}
	if effects.Offered {
		s.counts.Offered++
		e.emit(Event{Kind: TokenOffered, Token: e.held.ID()})
	}
	if effects.HoldSet {
		e.emit(Event{Kind: FailureShared, Until: e.core.Wall().Add(effects.For)})
	}
	if effects.Do {
		e.command(effects.Op, effects.Command)
	}
	if effects.Adopt && f != nil {
		expiry := e.core.Wall().Add(effects.Left)
		s.pending = append(s.pending, offered{
			token: f.token, start: expiry.Add(-f.life), left: effects.Left, version: effects.Version,
			result: core.Result{OK: true, Expiry: expiry, RefreshIn: f.refresh},
		})
	}
	if effects.Refuse || effects.Suppress {
		if effects.Refuse {
			s.counts.Held++
		}
		s.pending = append(s.pending, held{s.request.flight, effects.Hold, effects.For, effects.Suppress})
	}
	if effects.Start {
		if effects.Alone {
			s.counts.Alone++
		}
		s.pending = append(s.pending, allowed{s.request.flight})
	}
	e.armSharing(&effects)
}

// armSharing sets the timer to the next deadline.
func (e *entry) armSharing(effects *sharing.Effects) {
	s := e.shared
	s.alarm++
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if effects.Armed {
		alarm := s.alarm
		s.timer = e.shard.clock.AfterFunc(max(effects.Wake-s.elapsed, 1), func() { e.send(shareTick{alarm}) })
	}
}

// shareEnd ends what runs for the sake of sharing. A lease is given back; no one waits for that.
func (e *entry) shareEnd(ended bool) {
	s := e.shared
	if !s.closed {
		s.closed = true
		e.shareStep(sharing.Input{Kind: sharing.Close})
		if s.rewatch != nil {
			s.rewatch()
		}
	}
	if ended {
		s.stop()
	}
}
