package sharing

import (
	"cmp"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

// process is one process: its two cores, callers, and the fetch in flight.
type process struct {
	w       *World
	id      int
	born    time.Duration
	skew    time.Duration
	core    core.Core
	sharing sharing.Core
	dead    bool
	stopped time.Duration // until then it takes no message
	resumed time.Duration // when it went on the last time

	token       int // the published one; 0: none
	held        int // the one that was published last
	arrived     int // the one that comes with the message at hand
	end         time.Time
	refreshTime time.Time
	read        bool
	waiting     []waiter
	rejected    map[int]bool
	version     store.Version // of the latest record that was adopted

	flight    flight
	wakes     int
	shareWake int
	failure   core.Failure
	class     store.Class // of the failure of the last fetch
}

type flight struct {
	on        bool
	id        uint64
	cancelled bool
	began     time.Time
}

type waiter struct {
	since time.Duration
	reply core.Reply
	retry int // the token that was rejected; 0: none
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

const api = 7

func (w *World) newProcess(i int) *process {
	w.owners++
	policy := core.Policy{}
	if w.parameters.RefreshFraction > 0 {
		policy.RefreshFraction, policy.Jitter = w.parameters.RefreshFraction, -1
	}
	policy = policy.WithDefaults()
	p := &process{
		w: w, id: i, born: w.Now, core: core.NewQueued(policy), rejected: map[int]bool{},
		sharing: sharing.New(sharing.Policy{
			Owner: fmt.Sprintf("p%d-%d", i, w.owners), AttemptTimeout: policy.AttemptTimeout,
			MinBackoff: policy.MinBackoff, MaxBackoff: 10 * time.Second, Poll: cmp.Or(w.parameters.Poll, 20*time.Second),
		}),
	}
	if s := w.parameters.Skew; s > 0 {
		p.skew = time.Duration(w.rnd.Int64N(int64(2*s))) - s
	}
	w.After(w.about(w.parameters.Interval), p.arrive)
	return p
}

func (p *process) wall() time.Time { return epoch.Add(p.w.Now + p.skew) }

// receive takes a message, unless the process is dead. One that is stopped takes it when it goes on.
func (p *process) receive(do func()) {
	switch {
	case p.dead:
	case p.w.Now < p.stopped:
		p.w.After(p.stopped-p.w.Now, func() { p.receive(do) })
	default:
		do()
	}
}

func (p *process) stop(d time.Duration) {
	p.w.note("process %d is stopped for %v", p.id, d)
	p.w.Stats.Stopped++
	p.stopped = p.w.Now + d
	p.resumed = p.stopped
}

// arrive is a caller that wants the token, and the next one.
func (p *process) arrive() {
	if p.dead {
		return
	}
	p.w.After(p.w.about(p.w.parameters.Interval), p.arrive)
	if p.w.Now >= p.stopped {
		p.w.Stats.Requests++
		p.get(0)
	}
}

// get is a caller that reads, and asks if there is nothing to read. rejected is the token that it was refused with.
func (p *process) get(rejected int) {
	if p.token != 0 && p.wall().Before(p.end) && !p.core.Contests(api) {
		p.read = true
		if !p.wall().Before(p.refreshTime) {
			p.step(core.Input{Kind: core.RefreshHint}, nil)
		}
		p.use(p.token, rejected)
		return
	}
	p.step(core.Input{Kind: core.Get, Origin: api, Path: 1}, &waiter{since: p.w.Now, retry: rejected})
}

// use is a request with the token.
func (p *process) use(token, rejected int) {
	w := p.w
	t := &w.endpoint.tokens[token-1]
	if w.Now >= t.expires {
		w.violate("M2", "process %d uses token %d, which expired %v ago", p.id, token, w.Now-t.expires)
	}
	if rejected != 0 {
		p.report(token, !t.revoked)
	}
	switch {
	case !t.revoked:
		w.Stats.Served++
	case rejected != 0:
		w.Stats.Unauthorized++ // revoked between the fetch and the retry
	default:
		p.reject(token)
	}
}

// reject is a 401: the caller waits for a successor.
func (p *process) reject(token int) {
	current := p.token == token
	p.step(core.Input{Kind: core.Invalidate, Origin: api, Path: 1, Current: current, Wait: true}, &waiter{since: p.w.Now, retry: token})
}

// step sends the token's core an input, and applies its effects as package manager does.
func (p *process) step(in core.Input, from *waiter) {
	w := p.w
	if w.violation != nil {
		return
	}
	in.Read = p.read
	before := p.token
	e := p.core.Step(p.wall(), w.rnd.Float64(), in)
	if e.Cancel {
		p.flight.cancelled = true
		id := p.flight.id
		w.After(time.Millisecond, func() { p.receive(func() { p.fetched(id, 0, core.Result{}) }) })
	}
	if e.Withdraw {
		p.token = 0
	}
	if e.Publish {
		p.held = p.arrived
		p.publish(&e)
	}
	if e.Fetch {
		p.send(&e)
	}
	if e.Failure.Kind != core.NoFailure {
		p.failure = e.Failure
		w.note("process %d: failure %d after %d attempts", p.id, e.Failure.Kind, e.Failure.Attempts)
	}
	p.arm(&e)
	p.replyAll(&e, from)
	p.share(in, &e, before)
}

func (p *process) publish(e *core.Effects) {
	p.token = p.held
	p.end, p.refreshTime, p.read = e.Publication.EffectiveExpiry, e.Publication.RefreshTime, e.Release == core.Serve
	number := e.Publication.Number
	p.w.After(e.Publication.Life, func() {
		p.receive(func() { p.step(core.Input{Kind: core.Expire, Publication: number}, nil) })
	})
}

// send is a token request.
func (p *process) send(e *core.Effects) {
	w := p.w
	if p.flight.on && !p.flight.cancelled {
		w.violate("M3", "process %d fetches twice at a time", p.id)
	}
	w.Stats.Fetches++
	p.flight = flight{on: true, id: e.Flight, began: p.wall()}
	id := e.Flight
	w.note("process %d fetches (granted %v)", p.id, p.sharing.Granted())
	takes := w.about(w.parameters.Latency)
	down := w.endpoint.down
	w.After(takes/2, func() {
		if down || p.denied() {
			w.After(takes/2, func() { p.receive(func() { p.fetched(id, 0, core.Result{Permanent: !down}) }) })
			return
		}
		value := w.endpoint.issue()
		w.After(takes/2, func() { p.receive(func() { p.fetched(id, value, core.Result{OK: true}) }) })
	})
}

// denied reports whether the credentials of the process are wrong.
func (p *process) denied() bool { return p.id == 0 && p.w.parameters.Denied }

// fetched is the end of a token request.
func (p *process) fetched(id uint64, value int, r core.Result) {
	if !p.flight.on || p.flight.id != id {
		return
	}
	began := p.flight.began
	p.flight = flight{}
	if r.OK {
		r.Expiry = began.Add(p.w.parameters.Lifetime)
		p.arrived = value
	}
	p.step(core.Input{Kind: core.Fetched, Flight: id, Result: r}, nil)
}

func (p *process) arm(e *core.Effects) {
	p.wakes++
	if !e.Armed {
		return
	}
	wake, at := p.wakes, e.Wake
	p.w.After(p.core.Left(at), func() {
		p.receive(func() {
			if wake == p.wakes {
				p.step(core.Input{Kind: core.Wake, At: at}, nil)
			}
		})
	})
}

func (p *process) replyAll(e *core.Effects, from *waiter) {
	if e.Release != core.None {
		waiting := p.waiting
		p.waiting = nil
		for _, c := range waiting {
			p.reply(c, e.ReleaseOf(c.reply, p.token != 0))
		}
	}
	switch {
	case from == nil:
	case e.Reply == core.Wait || e.Reply == core.WaitOrServe:
		from.reply = e.Reply
		p.waiting = append(p.waiting, *from)
	default:
		p.reply(*from, e.Reply)
	}
}

// reply is what a caller gets.
func (p *process) reply(c waiter, reply core.Reply) {
	w := p.w
	w.Stats.Longest = max(w.Stats.Longest, w.Now-c.since)
	switch reply {
	case core.Serve:
		p.read = true
		if token := p.token; token != 0 && token != c.retry {
			w.After(0, func() { p.receive(func() { p.use(token, c.retry) }) })
			return
		}
		w.Stats.Unauthorized++
	case core.Suppressed:
		w.Stats.Unauthorized++
	case core.Failed:
		w.Stats.Failed++
		p.checkFailure()
	}
}

// checkFailure: a caller fails only because of the token endpoint (D4), and no process because of another one's
// credentials (D6).
func (p *process) checkFailure() {
	w := p.w
	if p.denied() {
		return
	}
	if p.resumed > 0 && w.Now < p.resumed+15*time.Second {
		return // its own time for a request went by meanwhile (M9)
	}
	if !w.endpoint.wasDown {
		w.violate("D4", "a request of process %d fails, and the token endpoint works: failure %d after %d attempts", p.id, p.failure.Kind, p.failure.Attempts)
	}
}
