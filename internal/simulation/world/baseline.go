package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Policy is a way to come by tokens.
type Policy uint8

// The policies. The baselines are what people use instead; neither acts on a 401.
const (
	// Alf is our own: the manager's core, held against the contract at every step.
	Alf Policy = iota
	// LockedFetch caches the token and holds a lock across the fetch, with a fixed margin of 10 s, as most libraries
	// do. Callers that come meanwhile queue at the lock, whatever their deadline. A failure is not remembered, so each
	// of them tries in turn. A token without a lifetime is kept forever.
	LockedFetch
	// NoCache asks for a token before each request.
	NoCache
	policies
)

var policyNames = [policies]string{"alf", "lock over the fetch", "no cache"}

// String names the policy.
func (p Policy) String() string { return policyNames[p] }

// Policies lists them all, ours first.
func Policies() []Policy { return []Policy{Alf, LockedFetch, NoCache} }

// A baseline gets tokens for a process instead of the core. Its fetches have the core's time-out, which is kinder than
// what most of the real ones have: none.
type baseline interface {
	// get is a caller who wants a token.
	get(t ticket)
	// fetched is a fetch that ended.
	fetched(f *flight)
}

// runBaseline has every process of a world run by a policy.
func (w *World) runBaseline(policy Policy) {
	for _, p := range w.processes {
		requests := requests{p: p}
		switch policy {
		case LockedFetch:
			p.baseline = &lockedFetch{requests: requests}
		case NoCache:
			p.baseline = &noCache{requests: requests, asking: make(map[uint64]ticket)}
		}
	}
}

// requests is what baselines have in common: how they send token requests, and reply to their callers.
type requests struct {
	p  *process
	id uint64
}

var attemptTimeout = core.Policy{}.WithDefaults().AttemptTimeout

// fetch asks the token endpoint.
func (r *requests) fetch() (id uint64) {
	r.id++
	p := r.p
	p.w.endpoint.begin(p, r.id)
	f := &p.flights[len(p.flights)-1]
	if f.takes > attemptTimeout && !f.stuck {
		f.gen++ // the response that is planned already will be dropped
		f.outcome, f.result = failsCancelled, core.Result{}
		p.w.plan(event{at: p.w.now + attemptTimeout, kind: fetchDone, p: p.id, a: int64(f.id), gen: f.gen})
	}
	return r.id
}

// waits has a caller wait.
func (r *requests) waits(t ticket) {
	c := &r.p.callers[t.slot]
	c.state = waits
	if r.p.w.rec != nil {
		r.p.w.rec.waits(c)
	}
}

// gone reports whether a caller has given up.
func (r *requests) gone(t ticket) bool { return r.p.callers[t.slot].gen != t.gen }

// noCache is a process without a cache.
type noCache struct {
	requests
	asking map[uint64]ticket // by the fetch that is for them
}

func (n *noCache) get(t ticket) {
	n.waits(t)
	n.asking[n.fetch()] = t
	n.p.patience(t) // the fetch is part of the request, whose deadline it has
}

func (n *noCache) fetched(f *flight) {
	t := n.asking[f.id]
	delete(n.asking, f.id)
	switch {
	case n.gone(t):
	case f.result.OK:
		n.p.serve(t, f.value)
	default:
		n.p.finish(t.slot, Refused)
	}
}

// lockedFetch is a process with a cache behind a lock.
type lockedFetch struct {
	requests
	value  int64 // 0: there is no token
	expiry time.Time
	locked bool
	queue  []queued // at the lock; the first one holds it
}

// queued is a caller at the lock. It cannot leave; its deadline is noticed only when it gets its token.
type queued struct {
	ticket
	deadline time.Duration
}

const fixedMargin = 10 * time.Second

func (l *lockedFetch) get(t ticket) {
	q := queued{ticket: t, deadline: -1}
	if k := &l.p.w.parameters; k.Patience > 0 {
		q.deadline = l.p.w.now + l.p.w.rnd.about(k.Patience)
	}
	if !l.locked && l.valid() {
		l.p.callers[t.slot].state = waits
		l.serve(q, l.value)
		return
	}
	l.waits(t)
	l.queue = append(l.queue, q)
	if !l.locked {
		l.locked = true
		l.fetch()
	}
}

// valid reports whether the token may be used. One without an expiry may forever.
func (l *lockedFetch) valid() bool {
	return l.value != 0 && (l.expiry.IsZero() || l.p.wall().Add(fixedMargin).Before(l.expiry))
}

func (l *lockedFetch) fetched(f *flight) {
	holder := l.queue[0]
	l.queue = l.queue[1:]
	if f.result.OK {
		l.keep(f)
		l.serve(holder, l.value)
	} else {
		l.p.finish(holder.slot, Refused)
	}
	// The lock goes from one to the next. A caller that finds a token leaves with it, the first who does not fetches.
	for len(l.queue) > 0 {
		if !l.valid() {
			l.fetch()
			return
		}
		next := l.queue[0]
		l.queue = l.queue[1:]
		l.serve(next, l.value)
	}
	l.queue, l.locked = nil, false
}

// keep puts a token into the cache. Its lifetime counts from when it arrived.
func (l *lockedFetch) keep(f *flight) {
	l.value, l.expiry = f.value, f.result.Expiry
	if life := l.expiry.Sub(f.start); l.expiry.IsZero() || life == 0 {
		l.expiry = time.Time{}
	} else {
		l.expiry = l.p.wall().Add(life)
	}
}

func (l *lockedFetch) serve(q queued, value int64) {
	if q.deadline >= 0 && l.p.w.now > q.deadline {
		l.p.finish(q.slot, Left)
		return
	}
	l.p.serve(q.ticket, value)
}
