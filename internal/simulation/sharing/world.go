package sharing

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/alf-go/alf/internal/simulation/schedule"
	"github.com/alf-go/alf/store"
)

// World is one world at one moment.
type World struct {
	schedule.Schedule
	given      Parameters
	parameters Parameters // at the moment: the faults end
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
	w := &World{given: p, parameters: p, seed: seed, rnd: rand.New(rand.NewPCG(seed, 0x776f)), grants: map[store.Version]*process{}, faultsEnd: p.Duration}
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
	w.checkCallers()
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
		w.violation = &Violation{Seed: w.seed, Rule: rule, Text: fmt.Sprintf(format, args...), At: w.Now, Parameters: w.given, Last: w.recent}
	}
}
