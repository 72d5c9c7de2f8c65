package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/core/pool"
)

// tokenPool keeps the tokens of a world's targets, as the manager's pool does: the decisions are those of package pool.
// Its owners and its callers send each other messages that take time.
type tokenPool struct {
	w        *World
	members  pool.Members[pool.Key, *token]
	index    tokenIndex
	targets  []*target
	watchers []*watcher
	created  int
	checker  poolChecker
}

// tokenIndex finds tokens by their keys.
type tokenIndex map[pool.Key]*token

func (x tokenIndex) Find(key pool.Key) *token { return x[key] }
func (x tokenIndex) Add(t *token)             { x[t.target.key] = t }
func (x tokenIndex) Remove(t *token) {
	if x[t.target.key] == t {
		delete(x, t.target.key)
	}
}

// pooled is what a token is in a pool. Its zero value: there is no pool.
type pooled struct {
	target *target
	life   pool.Life
	rank   pool.Place

	joined       bool
	began        time.Duration // when the core's elapsed time was zero
	used, called time.Duration
	unused       bool // no caller has read it since the last note
	contested    bool // callers that name no origin may not read it
	packed       []byte
	watchers     int
	watching     []*watcher
	looks        int // numbers the times at which it is looked at

	known // what the checker knows
}

// fillPool makes the targets. Their tokens are made when a caller comes.
func (w *World) fillPool() {
	p := &w.parameters
	w.pool = &tokenPool{w: w, index: tokenIndex{}}
	w.pool.members = pool.New(p.Pool, w.pool.index, func(t *token) *pool.Place { return &t.rank }, func(t *token) time.Duration { return t.used })
	w.pool.checker.init(w.pool)
	for i := range p.Tokens {
		g := newTarget(w.pool, i)
		w.pool.targets = append(w.pool.targets, g)
		w.After(w.rnd.between(0, p.Interval), g.arrive)
	}
	anywhere := func(do func(*target)) func() { return func() { do(w.pool.targets[w.rnd.IntN(len(w.pool.targets))]) } }
	w.often(p.Churn, anywhere((*target).forget))
	w.often(p.Manual, anywhere((*target).refresh))
	w.often(p.Rejections, anywhere((*target).reject))
	w.often(p.Watchers, anywhere((*target).watch))
}

// create makes the token of a target.
func (p *tokenPool) create(g *target) *token {
	p.created++
	t := p.w.tokenOf(p.created, g.client)
	t.target, t.life, t.used = g, pool.Begin(), p.w.Now
	return t
}

// acquire gets the token of a target, or makes one; false if there are too many.
func (p *tokenPool) acquire(g *target) (*token, bool) {
	w := p.w
	a, ok := p.members.Acquire(g.key, func() *token { return p.create(g) })
	if !ok {
		w.stats.Full++
		w.recorder.replied(false, true)
		p.checker.refuses(g)
		return nil, false
	}
	if t := a.Evicted; t != nil {
		w.stats.Evicted++
		w.recorder.evicted()
		w.note("pool: token %d makes room", t.id)
		p.checker.evicts(t)
		w.later(t.retire)
	}
	if t := a.Token; a.Created {
		w.stats.Created++
		w.note("pool: token %d is that of target %d", t.id, g.id)
		p.checker.creates(t)
		w.toEndpoint(endpoint.Input{Kind: endpoint.Attach, Client: t.client}, nil)
		t.planLook(true)
	}
	w.mix(uint64(g.id), uint64(a.Token.id))
	return a.Token, true
}

// retire is the message that a token has left the pool.
func (t *token) retire() {
	if !t.life.Over() {
		t.life.Retire(pool.Forgotten)
		t.step(core.Input{Kind: core.Close})
	}
}

// takes reports whether a token can take a step for a message, and makes it ready for that.
func (t *token) takes(from *caller, in *core.Input) bool {
	if t.target == nil {
		return true
	}
	if t.life.Over() {
		if from != nil {
			t.respond(from, core.Shut, nil)
		}
		return false
	}
	if !t.joined {
		t.joined, t.began = true, t.w.Now
	}
	t.unpack()
	if from != nil {
		t.called = t.w.Now
		t.use()
		if in.Kind == core.Invalidate {
			in.Current = t.published && from.rejected == t && from.number == t.number
		}
	}
	return true
}

func (t *token) unpack() {
	if t.packed == nil {
		return
	}
	var end time.Time
	if t.published {
		end = epoch.Add(t.end)
	}
	t.core, t.began = core.Unpack(tokenPolicy, t.packed, t.w.wall(), t.w.Now, end)
	t.packed = nil
}

// ends is the end of a step.
func (t *token) ends(in core.Input, e *core.Effects) {
	if t.target == nil {
		return
	}
	t.contested = t.published && t.core.Contests(0)
	if e.Notify == core.Shut || in.Kind == core.Watch && e.Reply == core.Shut {
		t.dismissWatchers()
	}
	t.learns(e)
	if e.Ended {
		if len(t.waiting) > 0 {
			t.w.violate("P4", "token %d has left the pool, and %d callers that waited have no reply", t.id, len(t.waiting))
		}
		t.life.End()
		t.w.toEndpoint(endpoint.Input{Kind: endpoint.Detach, Client: t.client}, nil)
		return
	}
	t.settle()
}

// settle lets the pool know whether the token is busy, and packs it if it is not.
func (t *token) settle() {
	w := t.w
	busy, changed := t.life.Settle(pool.Standing{
		Resting: t.core.Resting(), Waiting: len(t.waiting) > 0, Watched: t.watchers > 0, BackingOff: t.core.BackingOff(),
		Called: t.called, Now: w.Now,
	})
	if changed {
		w.pool.members.Settle(t, busy)
	}
	if !busy {
		t.noteReads()
		t.packed = t.core.Pack(nil, w.Now)
		t.core = core.Core{}
	}
	t.planLook(busy)
}

// planLook says when the token is looked at.
func (t *token) planLook(busy bool) {
	t.looks++
	number := t.looks
	t.w.At(t.w.pool.members.Policy().Look(t.w.Now, t.called, busy), func() {
		if number == t.looks && !t.life.Over() {
			t.look()
		}
	})
}

// look finds out whether the token is still used.
func (t *token) look() {
	w := t.w
	t.noteReads()
	switch {
	case w.pool.members.Forget(t, w.Now):
		w.stats.Forgotten++
		w.note("pool: token %d is forgotten", t.id)
		w.pool.checker.forgets(t)
		t.retire()
	case t.packed == nil:
		t.step(core.Input{})
	default:
		t.planLook(false)
	}
}

// noteReads notes that the token was read since the last time, no one knows when. From now on the next reader leaves a
// note itself.
func (t *token) noteReads() {
	if t.target != nil && t.published && t.read && !t.unused {
		t.use()
	}
	t.unused = t.published
}

func (t *token) use() { t.used = pool.Use(t.used, t.w.Now) }

// noteRead is a caller that reads the token.
func (t *token) noteRead() {
	if t.target == nil {
		return
	}
	t.lastUse = t.w.Now
	if t.unused || !t.read || t.w.Now >= t.refreshTime {
		t.use()
		t.unused = false
	}
}

// passesOn reports whether a caller whose token has left the pool asks the one that takes its place.
func (t *token) passesOn(c *caller) bool {
	if t.target == nil || t.life.Reason() != pool.Forgotten {
		return false
	}
	w := t.w
	w.stats.PassedOn++
	if c.handle.token == t {
		c.handle.token = nil
	}
	if c.tries++; c.tries > maxTries {
		w.violate("P4", "a caller of target %d was sent away %d times by tokens that have left the pool", c.handle.target.id, c.tries)
	}
	w.later(c.seek)
	return true
}

// maxTries is more often than tokens leave the pool under a caller's eyes.
const maxTries = 100

// wants says for whose token a caller came.
func (c *caller) wants() string {
	if c.handle == nil {
		return "its token"
	}
	return fmt.Sprintf("the token of target %d", c.handle.target.id)
}
