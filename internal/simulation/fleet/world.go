package fleet

import (
	"container/heap"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// Result is a world that has run.
type Result struct {
	Seed       uint64
	Parameters Parameters
	// Hash is that of everything that happened.
	Hash      uint64
	Stats     Stats
	Violation *Violation // nil if every rule held
	// Trace is every line, if it was kept.
	Trace []string
}

// Stats is what happened in a world.
type Stats struct {
	Events, Steps int
	// Virtual is the time that passed.
	Virtual time.Duration
	// Requests is how many token requests were sent. Served, Failed and Refused count callers: those that got a token,
	// those whose own token's round failed, and those that the endpoint refused to let wait.
	Requests, Served, Failed, Refused int
	// Suspected and Held count how often the endpoint became suspect, and a client id was put on hold.
	Suspected, Held int
	// Seconds is the token requests of each second, and Refusals the callers that failed in it.
	Seconds, Refusals []int
	// Longest is the longest that a caller waited that was served.
	Longest time.Duration
}

// Violation is a rule that was broken.
type Violation struct {
	Seed       uint64
	Parameters Parameters
	Rule, Text string
	Last       []string
}

// Error says which rule was broken.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s is broken: %s\n  fleet seed %d\n  parameters %s\n", v.Rule, v.Text, v.Seed, v.Parameters)
	for _, l := range v.Last {
		text += "  " + l + "\n"
	}
	return text
}

// World is one world at one moment.
type World struct {
	seed       uint64
	parameters Parameters
	rnd        source
	now        time.Duration
	events     events
	sequence   int
	tokens     []*token
	endpoint   *endpoint.Core
	clients    map[endpoint.Ticket]*token // by the ticket that waits
	tickets    endpoint.Ticket
	wake       int           // numbers the endpoint's timers
	arrivesAt  time.Duration // the latest message to the endpoint
	leavesAt   time.Duration // the latest one from it
	recovered  time.Duration // from then on every caller must be served
	checker    checker
	hash       uint64
	keep       bool
	lines      []string
	stats      Stats
	violation  *Violation
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// Run runs the world of a seed. With keep, the result has the whole trace.
func Run(seed uint64, keep bool) *Result {
	s := newSource(seed)
	r := run(seed, draw(s), s, keep)
	if r.Violation != nil && !keep {
		return Run(seed, true) // for its last lines
	}
	return r
}

// RunWith runs a world with parameters of the caller's.
func RunWith(seed uint64, p Parameters) *Result { return run(seed, p, newSource(seed), false) }

func run(seed uint64, p Parameters, s source, keep bool) *Result {
	w := &World{seed: seed, parameters: p, rnd: s, keep: keep, clients: map[endpoint.Ticket]*token{}, hash: 14695981039346656037}
	w.endpoint = endpoint.New(endpoint.Policy{MaxInFlight: p.Limit})
	w.checker.init(w)
	for i := range p.Tokens {
		w.tokens = append(w.tokens, w.newToken(i))
	}
	for _, t := range w.tokens {
		w.after(w.rnd.between(0, p.Interval), t.place.arrive)
	}
	w.planChurn()
	w.recovered = p.Duration + w.recoveryTime()
	end := w.recovered + 3*p.Interval + 10*time.Second
	for len(w.events) > 0 && w.violation == nil {
		e := heap.Pop(&w.events).(event)
		if e.at > end {
			break
		}
		w.now = e.at
		w.stats.Events++
		e.do()
	}
	w.now = end
	w.finish()
	w.stats.Virtual = w.now
	return &Result{Seed: seed, Parameters: p, Hash: w.hash, Stats: w.stats, Violation: w.violation, Trace: w.lines}
}

// recoveryTime is how long callers may still fail after the faults have ended: the longest backoff of a token or hold,
// a request that is stuck, and the time that it takes to fetch all tokens.
func (w *World) recoveryTime() time.Duration {
	p := &w.parameters
	longest := 75 * time.Second
	for _, f := range p.Phases {
		if f.Fault == Throttling {
			longest = max(longest, min(f.RetryAfter, 10*time.Minute)+75*time.Second)
		}
	}
	if p.Stuck > 0 {
		longest += 3 * time.Minute
	}
	perClient := max(min(p.Limit/4, p.Limit), 1)
	return longest + time.Duration(p.Tokens)*p.Latency*3/time.Duration(perClient)
}

// planChurn closes and makes tokens, and refreshes some by hand.
func (w *World) planChurn() {
	p := &w.parameters
	if p.Churn > 0 {
		var churn func()
		churn = func() {
			if w.now < p.Duration {
				w.tokens[w.rnd.IntN(len(w.tokens))].place.replace()
				w.after(w.rnd.about(p.Churn), churn)
			}
		}
		w.after(w.rnd.about(p.Churn), churn)
	}
	if p.Manual > 0 {
		var refresh func()
		refresh = func() {
			if w.now < p.Duration {
				w.tokens[w.rnd.IntN(len(w.tokens))].place.refresh()
				w.after(w.rnd.about(p.Manual), refresh)
			}
		}
		w.after(w.rnd.about(p.Manual), refresh)
	}
}

// event is something that will happen. Two at the same instant happen in the order they were planned.
type event struct {
	at  time.Duration
	seq int
	do  func()
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	s := *h
	last := s[len(s)-1]
	s[len(s)-1] = event{}
	*h = s[:len(s)-1]
	return last
}

func (w *World) after(d time.Duration, do func()) { w.plan(w.now+d, do) }

func (w *World) plan(at time.Duration, do func()) {
	w.sequence++
	heap.Push(&w.events, event{at, w.sequence, do})
}

func (w *World) wall() time.Time { return epoch.Add(w.now) }

// toEndpoint delivers a message to the endpoint, in the order of sending.
func (w *World) toEndpoint(in endpoint.Input, from *token) {
	w.arrivesAt = max(w.arrivesAt, w.now+w.rnd.between(0, 2*time.Millisecond))
	w.plan(w.arrivesAt, func() {
		if from != nil {
			w.clients[in.Ticket] = from
		}
		w.step(in)
	})
}

// step sends the endpoint core an input, and applies its effects.
func (w *World) step(in endpoint.Input) {
	for again := true; again && w.violation == nil; {
		if w.keep {
			w.note("endpoint: %+v", in)
		}
		w.mix(uint64(in.Kind), uint64(in.Ticket), uint64(in.Outcome))
		w.checker.before(in)
		e := w.endpoint.Step(w.wall(), w.rnd.Float64(), in)
		w.stats.Steps++
		w.checker.after(in, &e)
		w.deliver(&e)
		w.arm(&e)
		again = e.Again
		in = endpoint.Input{Kind: endpoint.Wake}
	}
}

// deliver sends tokens what the endpoint decided, in that order.
func (w *World) deliver(e *endpoint.Effects) {
	send := func(id endpoint.Ticket, in core.Input) {
		t := w.clients[id]
		if t == nil {
			w.violate("E1", "ticket %d is decided about, and no token has it", id)
			return
		}
		in.Flight = t.queued[id]
		w.leavesAt = max(w.leavesAt, w.now+w.rnd.between(0, 2*time.Millisecond))
		w.plan(w.leavesAt, func() { t.hear(id, in) })
	}
	for _, r := range e.Refused {
		send(r.Ticket, core.Input{Kind: core.Refuse, For: r.For})
	}
	for _, id := range e.Lifted {
		send(id, core.Input{Kind: core.Refuse})
	}
	for _, id := range e.Granted {
		send(id, core.Input{Kind: core.Admitted})
	}
	for _, ev := range e.Events[:e.N] {
		w.note("endpoint: %v", ev.Kind)
		w.mix(uint64(ev.Kind))
		switch ev.Kind {
		case endpoint.Suspected:
			w.stats.Suspected++
		case endpoint.ClientHeld:
			w.stats.Held++
		}
	}
}

func (w *World) arm(e *endpoint.Effects) {
	w.wake++
	if !e.Armed {
		return
	}
	left := w.endpoint.Left(e.Wake)
	if left <= 0 {
		w.violate("M17", "the endpoint leaves a deadline unhandled that passed %v ago", -left)
	}
	number, at := w.wake, e.Wake
	w.after(left, func() {
		if number == w.wake {
			w.step(endpoint.Input{Kind: endpoint.Wake, At: at})
		}
	})
}

// finish checks that nothing was forgotten.
func (w *World) finish() {
	for _, t := range w.tokens {
		if len(t.waiting) > 0 && w.violation == nil && w.parameters.Patience == 0 {
			oldest := t.waiting[0].since
			if w.now-oldest > w.recoveryTime() {
				w.violate("recovery", "a caller of token %d waits since %v", t.id, oldest)
			}
		}
	}
}

// note keeps a line of the trace, if it is kept.
func (w *World) note(format string, args ...any) {
	if w.keep {
		w.lines = append(w.lines, fmt.Sprintf("%12v  ", w.now)+fmt.Sprintf(format, args...))
	}
}

// mix adds what happened to the hash.
func (w *World) mix(what ...uint64) {
	w.hash = (w.hash ^ uint64(w.now)) * 1099511628211
	for _, n := range what {
		w.hash = (w.hash ^ n) * 1099511628211
	}
}

// violate records the first rule that is broken, and ends the world.
func (w *World) violate(rule, format string, args ...any) {
	if w.violation != nil {
		return
	}
	v := &Violation{Seed: w.seed, Parameters: w.parameters, Rule: rule, Text: fmt.Sprintf("at %v: ", w.now) + fmt.Sprintf(format, args...)}
	v.Last = append(v.Last, w.lines[max(len(w.lines)-60, 0):]...)
	w.violation = v
}

// Add adds other's figures, except for those by the second.
func (s *Stats) Add(other *Stats) {
	s.Events += other.Events
	s.Steps += other.Steps
	s.Virtual += other.Virtual
	s.Requests += other.Requests
	s.Served += other.Served
	s.Failed += other.Failed
	s.Refused += other.Refused
	s.Suspected += other.Suspected
	s.Held += other.Held
	s.Longest = max(s.Longest, other.Longest)
}
