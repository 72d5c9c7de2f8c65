package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// caller is a client of an API: it sends requests to an API, one at a time: token, request, and after a 401 once more.
type caller struct {
	gen     uint32 // of the present request
	state   callerState
	burst   bool
	second  bool // the request is sent for the second time
	api     int32
	path    int32
	minLife time.Duration // it wants a token that remains valid for so long, and sends no request
	unnamed bool          // it names no origin, and reports no outcome
	report  bool          // outcomes were wanted when the request was sent
	blamed  blame         // why the first send was rejected
	value   int64         // the token it was sent with
	started time.Duration
	sentAt  time.Duration
	result  Outcome

	pace   uint64        // its own dice, in a paced world
	asked  time.Duration // of those who are recorded: when it last asked for a token,
	waited time.Duration // how long it has been waiting in all,
	queued bool          // and whether it is counted among those who wait now
}

type callerState uint8

const (
	idle callerState = iota
	asks
	waits
	sent
)

// Outcome is how a request ended.
type Outcome uint8

// The outcomes of a request.
const (
	Succeeded      Outcome = iota
	RetrySucceeded         // after a 401
	Unauthorized           // 401, suppressed or for the second time
	Refused                // no token was available
	Left                   // the caller gave up waiting
	Closed
	outcomes
)

var outcomeNames = [outcomes]string{"succeeded", "retry succeeded", "unauthorized", "refused", "left", "closed"}

// String names the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// arrive begins a request.
func (p *process) arrive(slot int32) {
	c := &p.callers[slot]
	k := &p.w.parameters
	c.api, c.path, c.unnamed, c.minLife = int32(p.dice(slot)*float64(k.APIs)), 0, false, 0
	if k.ManyAPIs {
		c.api = int32(p.dice(slot) * 100)
	}
	if k.Paths > 1 {
		c.path = int32(p.dice(slot) * float64(k.Paths))
	}
	if k.Unnamed > 0 {
		c.unnamed = p.dice(slot) < k.Unnamed
	}
	if k.MinLife > 0 && p.dice(slot) < 0.1 {
		c.unnamed, c.path, c.minLife = true, 0, k.MinLife
	}
	p.begin(slot)
}

// begin is a caller that wants to send its request, and asks for a token.
func (p *process) begin(slot int32) {
	c := &p.callers[slot]
	c.gen++
	c.state, c.second, c.started = asks, false, p.w.now
	if p.w.rec != nil {
		p.w.rec.asks(c)
	}
	t := ticket{slot: slot, gen: c.gen}
	if value, ok := p.read(c.origin(), c.minLife); ok {
		c.state = waits
		p.serve(t, value)
		return
	}
	if p.ended {
		p.finish(slot, Closed)
		return
	}
	if p.baseline != nil {
		p.baseline.get(t)
		return
	}
	reply := p.step(core.Input{Kind: core.Get, Origin: c.origin(), Path: uint64(c.path) + 1, MinLife: c.minLife}, t, line{what: wGet, a: int64(slot)})
	if reply == core.Wait || reply == core.WaitOrServe {
		p.patience(t)
	}
}

// origin is the caller's API as the core knows it; 0 if the caller does not say.
func (c *caller) origin() uint64 {
	if c.unnamed {
		return 0
	}
	return uint64(c.api) + 1
}

func (p *process) patience(t ticket) {
	if k := &p.w.parameters; k.Patience > 0 && p.w.now < p.w.faultsEnd {
		p.w.plan(event{at: p.w.now + p.w.rnd.about(k.Patience), kind: giveUp, p: p.id, a: int64(t.slot), gen: t.gen})
	}
}

// giveUp is the end of a caller's context: its wait ends, and nothing else.
func (p *process) giveUp(slot int32, gen uint32) {
	if c := &p.callers[slot]; c.gen == gen && c.state == waits {
		p.w.cover(CoverCallerGivesUp)
		p.note(line{what: wGaveUp, a: int64(slot)})
		p.finish(slot, Left)
	}
}

// send delivers a reply to a caller, unless it has given up.
func (p *process) send(t ticket, a core.Reply) {
	c := &p.callers[t.slot]
	if c.gen != t.gen {
		return // it has given up, and its slot may be another caller's
	}
	if c.state != waits {
		p.w.violate(p, "M9", "caller %d gets two replies", t.slot)
		return
	}
	p.note(line{what: wReplied, a: int64(t.slot), b: int64(a)})
	switch a {
	case core.Serve:
		p.published.attention = max(p.published.attention, read)
		p.serve(t, p.published.value)
	case core.ServeExpired:
		p.serve(t, p.w.arriving.value)
	case core.Failed, core.TooShort:
		p.finish(t.slot, Refused)
	case core.Suppressed:
		if c.blamed == badToken {
			p.w.stats.Avoidable++
		}
		p.finish(t.slot, Unauthorized)
	case core.Shut:
		if c.second {
			p.finish(t.slot, Unauthorized) // it has its 401, and keeps it
		} else {
			p.finish(t.slot, Closed)
		}
	default:
		p.w.violate(p, "M9", "caller %d gets the reply %q", t.slot, replyWords[a])
	}
}

// serve gives a caller a token, with which it sends its request.
func (p *process) serve(t ticket, value int64) {
	c := &p.callers[t.slot]
	if c.second && value == c.value {
		p.finish(t.slot, Unauthorized) // the successor is the same token: it keeps its 401
		return
	}
	if p.published.on && value == p.published.value {
		p.checker.handsOut(value, c)
	}
	if c.minLife > 0 {
		p.servesLonger(t.slot, value)
		return
	}
	if p.w.rec != nil {
		p.w.rec.replied(c)
	}
	c.state, c.value, c.sentAt = sent, value, p.w.now
	c.report = p.observes
	latency := p.w.rnd.about(p.w.parameters.API)
	if p.w.now < p.w.faultsEnd && p.w.rnd.chance(p.w.parameters.Late) {
		latency = p.w.rnd.between(time.Second, time.Minute)
	}
	if p.w.apart {
		latency += c.started % time.Microsecond
	}
	p.w.plan(event{at: p.w.now + latency, kind: apiResponse, p: p.id, a: int64(t.slot), gen: t.gen})
}

// receive is an API's response.
func (p *process) receive(slot int32, gen uint32) {
	c := &p.callers[slot]
	if c.gen != gen || c.state != sent {
		return
	}
	why := p.w.endpoint.rejects(c)
	if why == accepted {
		again := c.second
		p.reportOutcome(c, true)
		if again {
			p.finish(slot, RetrySucceeded)
		} else {
			p.finish(slot, Succeeded)
		}
		return
	}
	p.note(line{what: wResponse, a: int64(slot), b: 401})
	p.w.stats.Unauthorized++
	if c.second || p.ended || p.baseline != nil {
		if c.second && why == badToken {
			p.w.stats.RevokedBetween++
		}
		p.reportOutcome(c, false)
		p.finish(slot, Unauthorized)
		return
	}
	c.second, c.state, c.blamed = true, asks, why
	if p.w.rec != nil {
		p.w.rec.asksAgain(c)
	}
	reply := p.invalidate(c.value, c.origin(), c.path, true, ticket{slot: slot, gen: gen})
	if reply == core.Wait || reply == core.WaitOrServe {
		p.patience(ticket{slot: slot, gen: gen})
	}
}

// reportOutcome is what a transport reports: the outcome of every retry, and that of a first send if outcomes were
// wanted when it was sent. That a first send was rejected is reported by its Invalidate.
func (p *process) reportOutcome(c *caller, accepted bool) {
	if c.unnamed || p.ended || p.baseline != nil || !c.second && !(c.report && accepted) {
		return
	}
	p.step(core.Input{
		Kind: core.ReportOutcome, Origin: c.origin(), Path: uint64(c.path) + 1,
		Current: p.published.on && p.published.value == c.value,
		Retry:   c.second, Accepted: accepted, Age: p.w.now - c.sentAt,
	}, ticket{}, line{what: wOutcome, a: int64(c.api), b: outcomeOf(c.second, accepted)})
}

func (p *process) invalidate(value int64, origin uint64, path int32, wait bool, from ticket) core.Reply {
	current := p.published.on && p.published.value == value
	if len(p.flights) > 0 {
		p.w.coverIf(!current, CoverLate401DuringFetch)
		p.w.coverIf(current, CoverRejectionJoinsFetch)
	}
	if current && p.w.parameters.Offers > 0 {
		p.noteRejected(value)
	}
	return p.step(core.Input{Kind: core.Invalidate, Current: current, Wait: wait, Origin: origin, Path: uint64(path) + 1}, from,
		line{what: wInvalidate, a: value, b: int64(origin) - 1})
}

// finish ends a request, and plans the caller's next one.
func (p *process) finish(slot int32, o Outcome) {
	c := &p.callers[slot]
	w := p.w
	if w.rec != nil {
		w.rec.finished(c, o)
	}
	c.state, c.result = idle, o
	c.gen++
	w.stats.Outcomes[o]++
	served := o == Succeeded || o == RetrySucceeded || o == Closed
	if !served && !c.mayBeTooShort(&w.drawn) && c.started > w.recovered && c.started > p.checker.recoveredBy() && !w.parameters.AlwaysReject {
		w.violate(p, "recovery", "caller %d %s long after the faults ended", slot, o)
	}
	if c.burst {
		p.free = append(p.free, slot)
		return
	}
	w.plan(event{at: p.next(slot), kind: arrive, p: p.id, a: int64(slot)})
}

// burst lets n callers arrive at once.
func (p *process) burst(n int) {
	if p.w.rec != nil {
		p.w.rec.crowd(p.id, n)
	}
	for range n {
		p.arrive(p.freeSlot())
	}
}

// freeSlot is a slot for a caller that sends one request only.
func (p *process) freeSlot() int32 {
	if len(p.free) == 0 {
		p.callers = append(p.callers, caller{burst: true})
		p.free = append(p.free, int32(len(p.callers)-1))
	}
	slot := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return slot
}
