package world

import (
	"fmt"
	"math"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// World is one world at one moment.
type World struct {
	seed       uint64
	drawn      Parameters // as they were in the beginning
	parameters Parameters // as they are
	policy     core.Policy
	rnd        source
	now        time.Duration // true time, since the beginning
	events     heap
	sequence   uint64

	processes   []*process
	endpoint    endpoint
	arriving    flight    // the fetch whose result is being handled
	faultSource *source   // of the faults
	watching    source    // of watchers, so that what is drawn for them changes nothing else
	offering    source    // of tokens from elsewhere, likewise
	paced       bool      // see dice
	apart       bool      // each caller has a nanosecond of its own; see RunWithDraws
	stopped     bool      // the run was stopped
	rec         *recorder // nil unless the run is recorded
	faultsEnd   time.Duration
	recovered   time.Duration // from then on everybody must be served
	guarded     bool          // a guard went up (M13), so that recovery may take as long as it suppresses rejections
	script      []func(w *World)
	traffic     []Traffic

	trace     trace
	coverage  Coverage
	stats     Stats
	violation *Violation
}

// Stats is what happened in a world.
type Stats struct {
	Events         int           // taken from the heap
	Steps          int           // of cores
	Virtual        time.Duration // that passed
	TokenFetches   int           // that reached the token endpoint
	Unauthorized   int           // responses with 401
	Avoidable      int           // 401s returned although a fetch would have avoided them: they were suppressed, and the token was at fault
	Notified       int           // tokens that watchers were given
	OneActive      int           // reports of a server that seems to have one active token per client
	RevokedBetween int           // 401s of retries whose token was revoked between the fetch and the retry
	Outcomes       [outcomes]int
}

// Add adds other's figures.
func (s *Stats) Add(other *Stats) {
	s.Events += other.Events
	s.Steps += other.Steps
	s.Virtual += other.Virtual
	s.TokenFetches += other.TokenFetches
	s.Unauthorized += other.Unauthorized
	s.Avoidable += other.Avoidable
	s.RevokedBetween += other.RevokedBetween
	s.OneActive += other.OneActive
	s.Notified += other.Notified
	for i := range s.Outcomes {
		s.Outcomes[i] += other.Outcomes[i]
	}
}

// Result is a world that has run.
type Result struct {
	Seed       uint64
	Parameters Parameters
	Hash       uint64 // of the trace
	Stats      Stats
	Coverage   Coverage
	Violation  *Violation // nil if every rule held
	Trace      []string   // every line, if it was kept
}

// Violation is a rule that was broken.
type Violation struct {
	Seed       uint64
	Parameters Parameters
	Rule       string
	Text       string
	Last       []string // the lines before it
}

// Error says which rule was broken and how to see it again.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s is broken: %s\n  seed       %d\n  parameters %s\n  replay     go run ./cmd/alf sim --seed %d --trace\n  the last of it:\n", v.Rule, v.Text, v.Seed, v.Parameters, v.Seed)
	for _, l := range v.Last {
		text += "  " + l + "\n"
	}
	return text
}

// Run runs the world of a seed. With keep, the result has the whole trace.
func Run(seed uint64, keep bool) *Result {
	k, s := drawn(seed)
	return newWorld(seed, k, s, keep).run()
}

// RunTape runs the world of a tape of decisions, its parameters included.
func RunTape(tape []byte) *Result {
	s := taped(tape)
	k := draw(&s)
	drawLater(&s, &k)
	k.Duration = min(k.Duration, 10*time.Minute)
	return newWorld(0, k, s, false).run()
}

func newWorld(seed uint64, k Parameters, s source, keep bool) *World {
	w := &World{seed: seed, drawn: k, parameters: k, rnd: s, watching: s.aside(2), offering: s.aside(3)}
	w.faultSource = &w.rnd
	w.trace.keep = keep
	w.endpoint = endpoint{w: w, last: make([]int64, k.Processes)}
	w.faultsEnd = k.Duration
	w.recovered = w.faultsEnd + w.recoveryTime()
	w.policy = core.Policy{}.WithDefaults()
	if k.Extreme {
		w.policy = extreme.WithDefaults()
	}
	for i := range k.Processes {
		p := &process{w: w, id: int32(i), core: core.New(w.policy), callers: make([]caller, k.Callers), watchers: make([]watcher, k.Watchers)}
		p.checker.p = p
		w.processes = append(w.processes, p)
		for slot := range k.Callers {
			w.plan(event{at: w.rnd.between(0, k.Interval), kind: arrive, p: p.id, a: int64(slot)})
		}
	}
	w.planFaults()
	for _, p := range w.processes {
		for slot := range k.Watchers {
			w.plan(event{at: w.watching.between(0, max(k.Duration/10, 1)), kind: watcherComes, p: p.id, a: int64(slot)})
		}
	}
	return w
}

// extreme are settings as far from the defaults as they may be (M22), except for those with which no token would come
// before the faults end.
var extreme = core.Policy{
	Margin: math.MaxInt64, RefreshFraction: 1, Jitter: 0.5, DefaultLifetime: math.MaxInt64, Attempts: 100,
	MinBackoff: 1, MaxBackoff: math.MaxInt64, MinPermanentBackoff: 1, MaxPermanentBackoff: time.Minute,
}

// recoveryTime is how long callers may still fail after the faults have ended: the longest backoff, the longest guard,
// the longest a fetch can be stuck, and a round on top.
func (w *World) recoveryTime() time.Duration {
	longest := 65 * time.Second
	if w.drawn.RetryAfter > 0 && len(w.drawn.Troubles) > 0 {
		longest += min(w.drawn.RetryAfter*3/2, 10*time.Minute)
	}
	if w.guarded {
		longest = max(longest, longestSuppression+5*time.Second)
	}
	if w.drawn.Stuck > 0 {
		longest += 140 * time.Second
	}
	if w.drawn.ClockSteps > 0 {
		longest *= 2
	}
	return longest + 3*w.drawn.Latency + 12*time.Second
}

// guard notes that a guard went up, so that callers may fail for longer.
func (w *World) guard() {
	w.guarded = true
	w.recovered = w.faultsEnd + w.recoveryTime()
}

// run takes one event after the other until there is nothing left to see.
func (w *World) run() *Result {
	end := w.recovered + w.observation()
	w.until(end)
	if later := w.recovered + w.observation(); later > end {
		end = later
		w.until(end)
	}
	w.finishUp(end)
	w.stats.Virtual = min(w.now, end)
	return w.result()
}

func (w *World) result() *Result {
	w.stats.TokenFetches = w.endpoint.requests
	r := &Result{Seed: w.seed, Parameters: w.drawn, Hash: w.trace.hash, Stats: w.stats, Coverage: w.coverage, Violation: w.violation}
	for _, l := range w.trace.all {
		r.Trace = append(r.Trace, l.String())
	}
	return r
}

// until takes one event after the other.
func (w *World) until(end time.Duration) {
	for len(w.events) > 0 && w.events[0].at <= end && w.violation == nil && !w.stopped {
		e := w.events.pop()
		w.now = e.at
		w.stats.Events++
		w.handle(e)
	}
}

// observation is how long the world is observed after its recovery.
func (w *World) observation() time.Duration { return max(20*w.parameters.Interval, 30*time.Second) }

func (w *World) handle(e event) {
	if e.kind == fault {
		w.applyFault(e)
		return
	}
	if e.kind == traffic {
		w.send(int(e.a))
		return
	}
	if e.kind == scripted {
		w.script[e.a](w)
		return
	}
	p := w.processes[e.p]
	if p.asleep > w.now {
		e.at = p.asleep
		w.plan(e) // behind whatever was waiting already: the order of arrival is kept
		return
	}
	switch e.kind {
	case arrive:
		p.arrive(int32(e.a))
	case giveUp:
		p.giveUp(int32(e.a), e.gen)
	case apiResponse:
		p.receive(int32(e.a), e.gen)
	case watcherComes:
		p.comes(int32(e.a))
	case watcherLooks:
		p.looks(int32(e.a), e.gen)
	case watcherGoes:
		p.goes(int32(e.a), e.gen)
	case offerComes:
		p.offerComes(e.a)
	case credentials:
		p.credentialsChecked()
	case fetchDone:
		p.fetchDone(uint64(e.a), e.gen)
	case wakeTimer:
		if e.a != p.wakes || !p.wakeArmed || p.ended {
			return
		}
		if p.uptime() < p.wakeMono {
			e.at = w.now + p.wakeMono - p.uptime()
			w.plan(e)
			return
		}
		p.wakeArmed = false
		p.step(core.Input{Kind: core.Wake, At: p.wakeAt}, ticket{}, line{what: wWake})
	case expiryTimer:
		stale := !p.published.on || p.published.number != uint64(e.a)
		if stale && (p.ended || !w.rnd.chance(0.3)) {
			return // a timer that was stopped; sometimes it had fired by then
		}
		if !stale && p.uptime() < p.published.timerAt {
			e.at = w.now + p.published.timerAt - p.uptime()
			w.plan(e)
			return
		}
		p.step(core.Input{Kind: core.Expire, Publication: uint64(e.a)}, ticket{}, line{what: wExpire, a: e.a})
	}
}

// finishUp closes what is left and lets it end.
func (w *World) finishUp(end time.Duration) {
	if w.violation != nil {
		return
	}
	w.now = max(w.now, end)
	for _, p := range w.processes {
		p.asleep = 0
		p.close()
	}
	for len(w.events) > 0 && w.violation == nil {
		e := w.events.pop()
		if e.kind == wakeTimer || e.kind == fetchDone {
			w.now = max(w.now, e.at)
			w.handle(e)
		}
	}
	for _, p := range w.processes {
		if w.violation == nil && !p.ended {
			w.violate(p, "M14", "the process never ended")
		}
		if w.violation == nil && len(p.waiting) > 0 {
			w.violate(p, "M14", "%d callers never got a reply", len(p.waiting))
		}
	}
}

func (w *World) plan(e event) {
	w.sequence++
	e.seq = w.sequence
	w.events.push(e)
}

func (w *World) note(l line) {
	l.at = w.now
	if w.rec != nil {
		w.rec.line(l)
	}
	w.trace.add(l)
}

func (w *World) cover(m CoveragePoint) { w.coverage[m]++ }

func (w *World) coverIf(is bool, m CoveragePoint) {
	if is {
		w.coverage[m]++
	}
}

// violate records the first rule that is broken, and ends the world.
func (w *World) violate(p *process, rule, format string, args ...any) {
	if w.violation != nil {
		return
	}
	v := &Violation{Seed: w.seed, Parameters: w.drawn, Rule: rule}
	v.Text = fmt.Sprintf("process %d at %v: ", p.id, w.now) + fmt.Sprintf(format, args...)
	for _, l := range w.trace.last() {
		v.Last = append(v.Last, l.String())
	}
	w.violation = v
}
