package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/simulation/schedule"
)

// World is one world at one moment.
type World struct {
	schedule.Schedule
	seed       uint64
	parameters Parameters
	rnd        source
	tokens     []*token // of the places, if there is no pool
	pool       *tokenPool
	recorder   *recorder       // nil: nothing is recorded
	callers    int             // that came
	open       map[int]*caller // those that have no reply yet
	endpoint   *endpoint.Core
	tickets    map[endpoint.Ticket]*token // whose they are
	lastTicket endpoint.Ticket
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
	r := run(seed, draw(s), s, keep, nil)
	if r.Violation != nil && !keep {
		return Run(seed, true) // for its last lines
	}
	return r
}

// RunWith runs a world with parameters of the caller's.
func RunWith(seed uint64, p Parameters) *Result { return run(seed, p, newSource(seed), false, nil) }

func run(seed uint64, p Parameters, s source, keep bool, r *recorder) *Result {
	if p.Pool.MaxTokens > 0 {
		p.Pool = p.Pool.WithDefaults()
	}
	w := &World{seed: seed, parameters: p, rnd: s, keep: keep, recorder: r, tickets: map[endpoint.Ticket]*token{}, open: map[int]*caller{}, hash: 14695981039346656037}
	w.endpoint = endpoint.New(endpoint.Policy{MaxInFlight: p.Limit})
	w.checker.init(w)
	if p.Pool.MaxTokens > 0 {
		w.fillPool()
	} else {
		w.fillPlaces()
	}
	w.recovered = p.Duration + w.recoveryTime()
	end := w.recovered + 3*p.Interval + 10*time.Second
	r.begin(w, end)
	for w.violation == nil {
		do := w.Next(end)
		if do == nil {
			break
		}
		w.stats.Events++
		do()
	}
	w.Now = end
	w.finish()
	w.stats.Virtual = w.Now
	return &Result{Seed: seed, Parameters: p, Hash: w.hash, Stats: w.stats, Violation: w.violation, Trace: w.lines}
}

// fillPlaces makes tokens, each in a place of its own.
func (w *World) fillPlaces() {
	p := &w.parameters
	for i := range p.Tokens {
		w.tokens = append(w.tokens, w.newToken(i))
	}
	for i := range w.tokens {
		w.After(w.rnd.between(0, p.Interval), (&place{w, i}).arrive)
	}
	anywhere := func(do func(*place)) func() { return func() { do(&place{w, w.rnd.IntN(len(w.tokens))}) } }
	w.often(p.Churn, anywhere((*place).replace))
	w.often(p.Manual, anywhere((*place).refresh))
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
	if p.Pool.MaxTokens > 0 { // new tokens are fetched at a pace
		longest += time.Duration(p.Tokens/min(p.Clients, 20)) * time.Second / 50
	}
	perClient := max(p.Limit/4, 1)
	return longest + time.Duration(p.Tokens)*p.Latency*3/time.Duration(perClient)
}

// often does something again and again, until the faults end, with a mean time of every between; never if that is zero.
func (w *World) often(every time.Duration, do func()) {
	if every <= 0 {
		return
	}
	var again func()
	again = func() {
		if w.Now < w.parameters.Duration {
			do()
			w.After(w.rnd.about(every), again)
		}
	}
	w.After(w.rnd.about(every), again)
}

// later does something soon: a message that takes its time.
func (w *World) later(do func()) { w.After(w.rnd.between(0, time.Millisecond), do) }

func (w *World) wall() time.Time { return epoch.Add(w.Now) }

// toEndpoint delivers a message to the endpoint, in the order of sending.
func (w *World) toEndpoint(in endpoint.Input, from *token) {
	w.arrivesAt = max(w.arrivesAt, w.Now+w.rnd.between(0, 2*time.Millisecond))
	w.At(w.arrivesAt, func() {
		if from != nil {
			w.tickets[in.Ticket] = from
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
		w.checker.after(&e)
		w.recorder.look(w.clientOf(in))
		w.deliver(&e)
		w.arm(&e)
		again = e.Again
		in = endpoint.Input{Kind: endpoint.Wake}
	}
}

// clientOf is the client id that a message to the endpoint is about; 0: none.
func (w *World) clientOf(in endpoint.Input) uint64 {
	if t := w.tickets[in.Ticket]; t != nil {
		return t.client
	}
	return in.Client
}

// deliver sends tokens what the endpoint decided, in that order.
func (w *World) deliver(e *endpoint.Effects) {
	send := func(id endpoint.Ticket, in core.Input) {
		t := w.tickets[id]
		if t == nil {
			w.violate("E1", "ticket %d is decided about, and no token has it", id)
			return
		}
		in.Flight = t.queued[id]
		w.leavesAt = max(w.leavesAt, w.Now+w.rnd.between(0, 2*time.Millisecond))
		w.At(w.leavesAt, func() { t.hear(id, in) })
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
	w.After(left, func() {
		if number == w.wake {
			w.step(endpoint.Input{Kind: endpoint.Wake, At: at})
		}
	})
}

// finish checks that no caller was forgotten.
func (w *World) finish() {
	if w.pool != nil {
		w.pool.checker.finish()
	}
	oldest := -1
	for id := range w.open {
		if oldest < 0 || id < oldest {
			oldest = id
		}
	}
	if oldest < 0 || w.violation != nil || w.parameters.Patience > 0 {
		return
	}
	if c := w.open[oldest]; w.Now-c.since > w.recoveryTime() {
		w.violate("recovery", "caller %d waits since %v, for %s", c.id, c.since, c.wants())
	}
}

// note keeps a line of the trace, if it is kept.
func (w *World) note(format string, args ...any) {
	if w.keep {
		w.lines = append(w.lines, fmt.Sprintf("%12v  ", w.Now)+fmt.Sprintf(format, args...))
	}
}

// mix adds what happened to the hash.
func (w *World) mix(what ...uint64) {
	w.hash = (w.hash ^ uint64(w.Now)) * 1099511628211
	for _, n := range what {
		w.hash = (w.hash ^ n) * 1099511628211
	}
}

// violate records the first rule that is broken, and ends the world.
func (w *World) violate(rule, format string, args ...any) {
	if w.violation != nil {
		return
	}
	v := &Violation{Seed: w.seed, Parameters: w.parameters, Rule: rule, Text: fmt.Sprintf("at %v: ", w.Now) + fmt.Sprintf(format, args...)}
	v.Last = append(v.Last, w.lines[max(len(w.lines)-60, 0):]...)
	w.violation = v
}

// broken records a rule, if it is.
func (w *World) broken(is bool, rule, format string, args ...any) {
	if is {
		w.violate(rule, format, args...)
	}
}

// count adds one to the figure of this second.
func (w *World) count(seconds *[]int) {
	second := int(w.Now / time.Second)
	for len(*seconds) <= second {
		*seconds = append(*seconds, 0)
	}
	(*seconds)[second]++
}
