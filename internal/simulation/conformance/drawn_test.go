package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// TestSameWorld_Drawn compares worlds drawn from seeds, each with some faults on and the others off.
func TestSameWorld_Drawn(t *testing.T) {
	for seed := range uint64(worlds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			plan := drawPlan(seed)
			defer func() {
				if t.Failed() {
					t.Logf("%s\n%v", plan.Parameters, plan.Actions)
				}
			}()
			requireSame(t, plan, seededDraw(seed))
		})
	}
}

const worlds = 240

// dice draw a plan.
type dice struct{ *rand.Rand }

func (d dice) on(p float64) bool { return d.Float64() < p }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// at is a time of its own, before some end.
func (d dice) at(end time.Duration) time.Duration { return time.Duration(d.Int64N(int64(end))) }

// drawPlan draws a plan. No two of its figures are such that different things would take the same time by design.
func drawPlan(seed uint64) world.Plan {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	k := world.Parameters{
		Processes: 1,
		APIs:      1 + d.IntN(3),
		Lifetime:  pick(d, time.Second, 2*second, 5*second, 10*second, minute, 5*minute, 60*minute),
		Latency:   pick(d, 20*ms, 200*ms, second, 3*second),
		API:       pick(d, ms, 10*ms, 300*ms),
	}
	k.Duration = min(max(3*k.Lifetime, 30*second), 20*minute)
	drawFaults(d, &k)
	s := script{Plan: world.Plan{Parameters: k}}
	drawCallers(d, &s)
	if d.on(0.6) {
		drawOutages(d, &s)
	}
	if d.on(0.5) {
		s.do(world.Revoke, d.some(4, k.Duration)...)
	}
	if d.on(0.3) {
		s.do(world.RollKeys, d.some(2, k.Duration)...)
	}
	if d.on(0.3) {
		s.do(world.Refresh, d.some(5, k.Duration)...)
	}
	if d.on(0.2) {
		s.do(world.Close, d.some(2, k.Duration)...)
	}
	if d.on(0.3) {
		s.longer(time.Duration((0.1+d.Float64())*float64(k.Lifetime)), d.some(12, k.Duration)...)
	}
	return s.Plan
}

func (d dice) some(most int, end time.Duration) (times []time.Duration) {
	for range 1 + d.IntN(most) {
		times = append(times, d.at(end))
	}
	return times
}

func drawFaults(d dice, k *world.Parameters) {
	on := func() bool { return d.on(0.25) }
	if on() {
		k.Patience = pick(d, 30*ms, 700*ms, 7*second)
	}
	if on() {
		k.RetryAfter = pick(d, 32*second, 320*second, 3840*second) // see seededDraw
	}
	if on() {
		k.Late = 0.1
	}
	if on() {
		k.Slow = 0.2
	}
	if on() {
		k.Stuck = 0.15
	}
	if on() {
		k.ExpiredOnArrival = 0.15
	}
	if on() {
		k.NoLifetime = 0.3
	}
	if on() {
		k.RefreshIn = 0.5
	}
	if on() {
		k.KeyLag = pick(d, 500*ms, 2*second)
	}
	k.Repeat = on()
	k.StaleRepeat = on()
	k.AlwaysReject = on()
	k.ManyAPIs = d.on(0.1)
	if on() {
		k.Paths = pick(d, 2, 5, 26)
		k.DeniedPaths = d.IntN(min(k.Paths, 4))
	}
	if on() {
		k.BadReplicas = pick(d, 0.1, 0.3, 0.7)
	}
	k.Introspects = on()
	k.OneActive = on()
	k.Recheck = d.on(0.5)
}

// drawCallers lets some come one by one and some in crowds, a few of them after the faults have ended.
func drawCallers(d dice, s *script) {
	end := s.Duration + 40*second
	for range 20 + d.IntN(40) {
		s.arrive(d.at(end), 1)
	}
	for range d.IntN(4) {
		s.arrive(d.at(end), 2+d.IntN(25))
	}
}

func drawOutages(d dice, s *script) {
	for at := d.at(s.Duration / 2); at < s.Duration; {
		s.Outage = second // for the rules alone: without Troubles it brings no outage of its own
		length := time.Second + d.at(min(max(s.Lifetime, 5*second), minute))
		s.outage(at, length, world.Refusing+world.Trouble(d.IntN(int(world.Crawling))))
		at += length + d.at(s.Duration)
	}
}
