package sharing

import (
	"fmt"
	"strconv"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

func digest(token int) store.Digest { return store.Digest(fmt.Sprintf("%032x", token)) }

// sealed is what a record has in it: the token.
func sealed(token int) []byte { return []byte(fmt.Sprint(token)) }

// open is the token in a record; 0 if there is none that can be opened.
func open(r store.Record) int {
	token, err := strconv.Atoi(string(r.Sealed))
	if err != nil {
		return 0
	}
	return token
}

// share lets the core that shares the token know what its own core decided.
func (p *process) share(in core.Input, e *core.Effects, before int) {
	for _, ev := range e.Events[:e.N] {
		if ev.Kind == core.Rejected && before != 0 {
			p.rejected[before] = true
			guarded, good := p.core.Guarded(ev.Origin)
			p.shareStep(sharing.Input{
				Kind: sharing.Rejected, Digest: digest(before), Origin: digest(api), Guarded: guarded, Good: good,
			}, nil)
		}
		if ev.Kind == core.FetchEnded || ev.Kind == core.FetchAbandoned {
			p.class = 0
			if ev.Class == core.ClassTransient || ev.Kind == core.FetchAbandoned {
				p.class = store.Response
			}
			ended := sharing.Input{Kind: sharing.FetchEnded}
			if ev.Class == core.ClassOK {
				ended.OK, ended.Digest, ended.Life = true, digest(p.held), e.Publication.Expiry.Sub(p.wall())
			}
			p.shareStep(ended, nil)
		}
	}
	if e.Unqueue {
		p.shareStep(sharing.Input{Kind: sharing.Unwant}, nil)
	}
	if e.Enqueue || e.Promote {
		p.shareStep(sharing.Input{Kind: sharing.Want, Urgent: e.Urgent && p.token == 0, Manual: e.Manual}, nil)
	}
	state := p.core.State()
	if p.sharing.Granted() && !state.Fetching && !state.Queued && !p.core.Retrying() && !e.Publish {
		p.shareStep(sharing.Input{
			Kind: sharing.RoundFailed, Class: p.class, Backoff: p.core.Backoff(), Behind: p.token != 0 && len(p.core.Contesting()) == 0,
		}, nil)
	}
}

// shareStep steps that core, and applies its effects. record is the one at hand; nil if there is none.
func (p *process) shareStep(in sharing.Input, record *store.Record) {
	w := p.w
	if w.violation != nil {
		return
	}
	e := p.sharing.Step(w.Now-p.born, w.rnd.Float64(), in)
	if e.StoreFailed {
		w.Stats.StoreFailed++
	}
	if e.Offered {
		w.Stats.Offered++
	}
	if e.Do {
		p.do(e.Op, e.Command)
	}
	p.armShare(&e)
	if e.Adopt {
		p.adopt(e, *record)
	}
	if e.Suppress {
		p.step(core.Input{Kind: core.Refuse, Flight: p.queuedFlight(), For: e.For, Suppress: true}, nil)
	}
	if e.Refuse {
		w.Stats.Refused++
		p.step(core.Input{Kind: core.Refuse, Flight: p.queuedFlight(), For: e.For}, nil)
	}
	if e.Start {
		if e.Alone {
			w.Stats.Alone++
		}
		p.step(core.Input{Kind: core.Admitted, Flight: p.queuedFlight()}, nil)
	}
}

// queuedFlight is the number of the fetch that waits: the latest one.
func (p *process) queuedFlight() uint64 { return p.core.Flights() }

// adopt offers the token of a record to the token's core.
func (p *process) adopt(e sharing.Effects, r store.Record) {
	w := p.w
	token := open(r)
	if !p.version.Less(e.Version) {
		w.violate("D4", "process %d moves from %v back to %v", p.id, p.version, e.Version)
	}
	if p.rejected[token] {
		w.violate("D5", "process %d adopts token %d, which it rejected", p.id, token)
	}
	p.version = e.Version
	same := token == p.held
	p.arrived = token
	expiry := p.wall().Add(e.Left)
	number := p.core.Publications()
	p.step(core.Input{
		Kind: core.Offered, Start: expiry.Add(-w.parameters.Lifetime), Result: core.Result{OK: true, Expiry: expiry, Same: same},
	}, nil)
	if p.core.Publications() == number {
		return
	}
	w.Stats.Adopted++
	w.note("process %d adopts token %d of %v", p.id, token, e.Version)
	p.shareStep(sharing.Input{Kind: sharing.Adopted, Digest: digest(token), Life: e.Left, Version: e.Version}, nil)
}

func (p *process) armShare(e *sharing.Effects) {
	p.shareWake++
	if !e.Armed {
		return
	}
	wake := p.shareWake
	if e.Wake <= p.w.Now-p.born {
		p.w.violate("M17", "process %d is to be woken at a time that has passed", p.id)
	}
	p.w.After(e.Wake-(p.w.Now-p.born), func() {
		p.receive(func() {
			if wake == p.shareWake {
				p.shareStep(sharing.Input{Kind: sharing.Wake}, nil)
			}
		})
	})
}

// do sends a command to the store, and its reply back. Either may be lost, doubled or late.
func (p *process) do(op uint64, c store.Command) {
	w, k := p.w, &p.w.parameters
	w.Stats.StoreOps++
	if c.Kind == store.Publish {
		c.Sealed = sealed(p.held)
	}
	there, back := w.about(k.StoreLatency)/2, w.about(k.StoreLatency)/2
	if w.chance(k.Late) {
		there += time.Duration(w.rnd.Int64N(int64(500 * time.Millisecond)))
	}
	if w.chance(k.Late) {
		back += time.Duration(w.rnd.Int64N(int64(500 * time.Millisecond)))
	}
	if w.chance(k.Lost) {
		return
	}
	w.After(there, func() {
		r, ok := w.store.do(c)
		w.note("process %d: %v: %v %v", p.id, c.Kind, r.Kind, r.Grant)
		if ok && r.Kind == store.Fetch {
			p.checkGrant(r.Grant)
		}
		if !ok {
			w.After(back, func() { p.receive(func() { p.shareStep(sharing.Input{Kind: sharing.Failed, Op: op}, nil) }) })
			return
		}
		if w.chance(k.Lost) {
			return
		}
		reply := func() {
			p.receive(func() {
				p.shareStep(sharing.Input{
					Kind: sharing.Replied, Op: op, Reply: r, Opened: open(r.Record) != 0, Trusted: true,
				}, &r.Record)
			})
		}
		w.After(back, reply)
		if w.chance(k.Doubled) {
			w.After(back+w.about(k.StoreLatency), reply)
		}
	})
}

// checkGrant: a lease belongs to one process.
func (p *process) checkGrant(v store.Version) {
	if other := p.w.grants[v]; other != nil && other != p {
		p.w.violate("D7", "processes %d and %d have the same lease %v", other.id, p.id, v)
	}
	p.w.grants[v] = p
}

// pushed is a change that the store reports.
func (p *process) pushed(push store.Push) {
	p.shareStep(sharing.Input{Kind: sharing.Pushed, Push: push, Opened: open(push.Record) != 0, Trusted: true}, &push.Record)
}

// report reports the outcome of a retry.
func (p *process) report(token int, accepted bool) {
	w := p.w
	p.step(core.Input{Kind: core.ReportOutcome, Origin: api, Path: 1, Current: p.token == token, Retry: true, Accepted: accepted}, nil)
	c := store.Command{Kind: store.Outcome, Origin: digest(api), Digest: digest(token), Accepted: accepted}
	if !accepted {
		c.Guarded, _ = p.core.Guarded(api)
	}
	if !w.chance(w.parameters.Lost) {
		w.After(w.about(w.parameters.StoreLatency), func() { w.store.do(c) })
	}
}
