package sharing

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/alf-go/alf/internal/simulation/schedule"
	"github.com/alf-go/alf/store"
)

// Parameters is what kind of world it is. A probability or a duration of zero switches its fault off.
type Parameters struct {
	Duration  time.Duration // until the faults end
	Processes int
	Interval  time.Duration // between the requests of a process, on average

	Lifetime  time.Duration // of a token
	Latency   time.Duration // of the token endpoint
	OneActive bool          // issuing a token revokes the one before
	Revoked   time.Duration // between revocations of all tokens
	Outages   time.Duration // between outages of the token endpoint, which last a tenth of it

	StoreLatency time.Duration
	Lost         float64       // commands that do not reach the store, and replies that do not come back
	Doubled      float64       // replies that come twice
	Late         float64       // replies that take up to half a second
	PushLost     float64       // pushes that are lost
	StoreDown    time.Duration // between times in which the store does not work, which last a fifth of it
	DataLost     time.Duration // between losses of data: the store is emptied, or an older copy takes its place
	Skew         time.Duration // by which clocks are wrong at most
	Deaths       time.Duration // between deaths of processes: another one takes the place at once
	Stops        time.Duration // between processes being stopped, for up to ten seconds
}

// Draw draws the parameters of a seed.
func Draw(seed uint64) Parameters {
	r := rand.New(rand.NewPCG(seed, 0x736861))
	pick := func(of ...time.Duration) time.Duration { return of[r.IntN(len(of))] }
	p := Parameters{
		Processes: []int{2, 2, 3, 5, 20}[r.IntN(5)],
		Lifetime:  pick(3*time.Second, 10*time.Second, time.Minute, 10*time.Minute),
		Latency:   pick(20*time.Millisecond, 200*time.Millisecond, 2*time.Second), StoreLatency: pick(time.Millisecond, 20*time.Millisecond),
		Interval: pick(100*time.Millisecond, time.Second),
	}
	p.Latency = min(p.Latency, p.Lifetime/10)
	p.Duration = min(4*p.Lifetime, 3*time.Minute) + 20*time.Second
	for _, fault := range []struct {
		of   *time.Duration
		most time.Duration
	}{
		{&p.Revoked, p.Lifetime}, {&p.Outages, 30 * time.Second}, {&p.StoreDown, 20 * time.Second}, {&p.DataLost, 10 * time.Second},
		{&p.Skew, 10 * time.Minute}, {&p.Deaths, 10 * time.Second}, {&p.Stops, 10 * time.Second},
	} {
		if r.Float64() < 0.35 {
			*fault.of = fault.most/4 + time.Duration(r.Int64N(int64(fault.most/4+1)))
		}
	}
	for _, fault := range []*float64{&p.Lost, &p.Doubled, &p.Late, &p.PushLost} {
		if r.Float64() < 0.35 {
			*fault = []float64{0.02, 0.2, 0.5}[r.IntN(3)]
		}
	}
	p.OneActive = r.Float64() < 0.3
	return p
}

// Stats is what happened.
type Stats struct {
	Requests, Served, Failed, Unauthorized int
	Fetches, Alone, Adopted, Offered       int
	Stale, Refused, StoreOps, StoreFailed  int
	Stopped, Died                          int
	Longest                                time.Duration // that a caller waited
}

// Violation is a rule that was broken. It is an error.
type Violation struct {
	Seed       uint64
	Rule, Text string
	At         time.Duration
	Parameters Parameters
	Last       []string
}

func (v *Violation) Error() string {
	text := fmt.Sprintf("%s is broken at %v: %s\n  seed %d, %+v", v.Rule, v.At, v.Text, v.Seed, v.Parameters)
	for _, line := range v.Last {
		text += "\n  " + line
	}
	return text
}

// World is one world at one moment.
type World struct {
	schedule.Schedule
	parameters Parameters
	seed       uint64
	rnd        *rand.Rand

	processes []*process
	endpoint  endpoint
	store     shared
	owners    int
	faultsEnd time.Duration
	grants    map[store.Version]*process
	recent    []string

	Stats     Stats
	violation *Violation
}

// Run runs the world of a seed.
func Run(seed uint64) (Stats, error) { return RunWith(seed, Draw(seed)) }

// RunWith runs a world with these parameters.
func RunWith(seed uint64, p Parameters, script ...func(w *World)) (Stats, error) {
	w := &World{parameters: p, seed: seed, rnd: rand.New(rand.NewPCG(seed, 0x776f)), grants: map[store.Version]*process{}, faultsEnd: p.Duration}
	w.endpoint.w, w.store.w = w, w
	for i := range p.Processes {
		w.processes = append(w.processes, w.newProcess(i))
	}
	w.planFaults()
	for _, s := range script {
		s(w)
	}
	w.run(p.Duration)
	w.settleDown()
	if w.violation != nil {
		return w.Stats, w.violation
	}
	return w.Stats, nil
}

// settleDown ends the faults and waits until all is well.
func (w *World) settleDown() {
	w.note("the faults end")
	k := &w.parameters
	k.Lost, k.Doubled, k.Late, k.PushLost = 0, 0, 0, 0
	k.Revoked, k.Outages, k.StoreDown, k.DataLost, k.Deaths, k.Stops = 0, 0, 0, 0, 0, 0
	w.endpoint.down, w.store.down = false, false
	for _, p := range w.processes {
		p.stopped, p.resumed = 0, min(p.resumed, w.Now)
	}
	w.run(w.Now + recovery)
	w.checkAgreement()
}

// recovery is more than the longest backoff and the longest poll.
const recovery = 100 * time.Second

// agreement is how long it takes until all processes have a new token: a lease.
const agreement = 1500 * time.Millisecond

// run lets happen what is planned up to a time.
func (w *World) run(until time.Duration) {
	for w.violation == nil {
		do := w.Next(until)
		if do == nil {
			break
		}
		do()
	}
	w.Now = max(w.Now, until)
}

// about is from half of d to one and a half.
func (w *World) about(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d/2 + time.Duration(w.rnd.Int64N(int64(d)))
}

func (w *World) chance(p float64) bool { return p > 0 && w.rnd.Float64() < p }

func (w *World) note(format string, args ...any) {
	w.recent = append(w.recent, fmt.Sprintf("%12v  ", w.Now)+fmt.Sprintf(format, args...))
	if len(w.recent) > 60 {
		w.recent = w.recent[1:]
	}
}

func (w *World) violate(rule, format string, args ...any) {
	if w.violation == nil {
		w.violation = &Violation{Seed: w.seed, Rule: rule, Text: fmt.Sprintf(format, args...), At: w.Now, Parameters: Draw(w.seed), Last: w.recent}
	}
}
