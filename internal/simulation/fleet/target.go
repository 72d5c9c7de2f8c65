package fleet

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// target is what a token is for: a client id, and a list of texts that are sent with it.
type target struct {
	pool    *tokenPool
	id      int
	client  uint64
	parts   []string
	key     pool.Key
	handles [2]handle
}

// handle is what callers hold. It remembers the token that it found last.
type handle struct {
	target *target
	token  *token
}

// newTarget makes targets that are easily confused: four in a row say the same, and differ only in where one text ends
// and the next one begins.
func newTarget(p *tokenPool, i int) *target {
	name := fmt.Sprintf("t%d", i/4)
	cut := 1 + i/4%(len(name)-1)
	parts := [][]string{{name}, {name[:cut], name[cut:]}, {name, ""}, {"", name}}[i%4]
	g := &target{pool: p, id: i, client: uint64(i/4%p.w.parameters.Clients) + 1}
	g.parts = append([]string{strconv.FormatUint(g.client, 10)}, parts...)
	g.key = pool.KeyOf(g.parts...)
	for h := range g.handles {
		g.handles[h].target = g
	}
	return g
}

func (g *target) same(other *target) bool { return slices.Equal(g.parts, other.parts) }

func (g *target) handle() *handle { return &g.handles[g.pool.w.rnd.IntN(len(g.handles))] }

// wish is a caller's, of a pool.
type wish struct {
	handle *handle
	tries  int
	// rejected and number are the token that was rejected, if that is why it came.
	rejected *token
	number   int
}

// arrive is a caller that wants the token, and the next one.
func (g *target) arrive() {
	w := g.pool.w
	w.After(w.rnd.about(w.parameters.Interval), g.arrive)
	h := g.handle()
	if h.token != nil && h.token.reads() {
		h.token.servesTarget(g)
		return
	}
	g.come(h, core.Input{Kind: core.Get})
}

func (g *target) come(h *handle, in core.Input) *caller {
	c := g.pool.w.comes(in)
	c.handle = h
	c.seek()
	return c
}

// refresh is a caller that demands a fetch.
func (g *target) refresh() { g.come(g.handle(), core.Input{Kind: core.Refresh, Wait: true}) }

// reject is a caller whose request was refused with a 401: by one of three origins.
func (g *target) reject() {
	w := g.pool.w
	h := g.handle()
	t := h.token
	if t == nil || !t.published || w.Now >= t.end {
		return
	}
	w.stats.Rejections++
	c := w.comes(core.Input{Kind: core.Invalidate, Wait: true, Origin: 1 + uint64(w.rnd.IntN(3))})
	c.handle, c.rejected, c.number = h, t, t.number
	c.seek()
}

// forget takes the token out of the pool, whatever it is busy with.
func (g *target) forget() {
	p := g.pool
	if t := p.index.Find(g.key); t != nil && p.members.Remove(t) {
		p.w.stats.Forgotten++
		p.w.note("pool: target %d is to be forgotten", g.id)
		p.checker.leaves(t)
		p.w.later(t.retire)
	}
}

// seek looks for the caller's token. That another caller adds it meanwhile is possible.
func (c *caller) seek() {
	h := c.handle
	p := h.target.pool
	if h.token == nil {
		h.token = p.index.Find(h.target.key)
	}
	if h.token != nil {
		c.meets(h.token)
		return
	}
	p.w.later(func() {
		t, ok := p.acquire(h.target)
		if !ok {
			p.w.leaves(c)
			return
		}
		h.token = t
		c.meets(t)
	})
}

// meets is a caller that has found its token: it reads, or sends the owner a message.
func (c *caller) meets(t *token) {
	w := t.w
	if c.asks.Kind == core.Get && t.reads() {
		t.servesTarget(c.handle.target)
		w.leaves(c)
		return
	}
	w.later(func() { t.stepFor(c, c.asks, nil) })
}

// serves is a token that is handed to a caller that waited.
func (t *token) serves(c *caller) {
	if t.target == nil {
		return
	}
	t.servesTarget(c.handle.target)
	t.lastUse = t.w.Now
	if c.asks.Kind == core.Invalidate { // it sends its request again, and that is refused again or not
		accepted, number := t.w.rnd.Float64() < 0.85, t.number
		t.w.later(func() {
			t.step(core.Input{Kind: core.ReportOutcome, Origin: c.asks.Origin, Retry: true, Accepted: accepted, Current: t.published && t.number == number})
		})
	}
}

// servesTarget: no target is served what was fetched for another one (P2).
func (t *token) servesTarget(g *target) {
	if !t.target.same(g) {
		t.w.violate("P2", "a caller of target %d (%q) gets the token of target %d (%q)", g.id, g.parts, t.target.id, t.target.parts)
	}
}

// watcher is a loop over the successors of a target's token.
type watcher struct {
	target *target
	until  time.Duration // when its loop ends
	token  *token        // that it watches at the moment
}

// watch is a watcher that comes, for a time or for good.
func (g *target) watch() {
	w := g.pool.w
	v := &watcher{target: g, until: w.Now + w.rnd.about(w.parameters.Duration/3)}
	if w.rnd.IntN(3) == 0 {
		v.until = 1 << 62
	}
	w.pool.watchers = append(w.pool.watchers, v)
	v.join()
}

// join is a watcher on its way to its token.
func (v *watcher) join() {
	p := v.target.pool
	w := p.w
	if w.Now >= v.until {
		return
	}
	t, ok := p.acquire(v.target)
	if !ok {
		w.After(time.Second, v.join)
		return
	}
	w.later(func() {
		if t.life.Over() {
			w.later(v.join)
			return
		}
		w.stats.Watched++
		v.token = t
		t.watchers++
		t.watching = append(t.watching, v)
		t.servesTarget(v.target)
		t.step(core.Input{Kind: core.Watch})
		w.At(max(v.until, w.Now), func() { v.leave(t) })
	})
}

// leave is the end of a watcher's loop.
func (v *watcher) leave(t *token) {
	if v.token != t {
		return
	}
	v.token = nil
	t.watchers--
	t.watching = slices.DeleteFunc(t.watching, func(o *watcher) bool { return o == v })
	t.step(core.Input{})
}

// dismissWatchers sends watchers to the token that takes the place of this one.
func (t *token) dismissWatchers() {
	for _, v := range t.watching {
		v.token = nil
		t.w.later(v.join)
	}
	t.watchers, t.watching = 0, nil
}
