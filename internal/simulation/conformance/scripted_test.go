package conformance_test

import (
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

const (
	ms     = time.Millisecond
	second = time.Second
	minute = time.Minute
)

// script writes plans. Each caller arrives at a nanosecond of its own.
type script struct {
	world.Plan
	draw    draw
	callers time.Duration
}

// quiet is a world in which only the script's actions happen.
func quiet(change func(k *world.Parameters)) *script {
	s := &script{draw: even, Plan: world.Plan{Parameters: world.Parameters{
		Duration: 2 * minute, Processes: 1, APIs: 1,
		Lifetime: minute, Latency: 100 * ms, API: 10 * ms,
	}}}
	if change != nil {
		change(&s.Parameters)
	}
	return s
}

// arrive has n callers arrive.
func (s *script) arrive(at time.Duration, n int) *script {
	for range n {
		s.callers++
		s.Actions = append(s.Actions, world.Action{At: at.Truncate(time.Microsecond) + s.callers%990 + 1, Do: world.Arrive, Count: 1})
	}
	return s
}

// every has n callers arrive again and again.
func (s *script) every(step, until time.Duration, n int) *script {
	for at := time.Duration(0); at < until; at += step {
		s.arrive(at, n)
	}
	return s
}

func (s *script) outage(at, length time.Duration, t world.Trouble) *script {
	s.Actions = append(s.Actions, world.Action{At: at, Do: world.Outage, For: length, Trouble: t})
	return s
}

// raiseDraws has draws be low until then and high from then on, which is to say: faults with a probability of a half
// set in then.
func (s *script) raiseDraws(then time.Duration) *script {
	s.draw = func(at time.Duration) float64 {
		if at < then {
			return 0.25
		}
		return 0.75
	}
	return s
}

// calm is turn the other way round: those faults end then.
func (s *script) calm(then time.Duration) *script {
	s.raiseDraws(then)
	turned := s.draw
	s.draw = func(at time.Duration) float64 { return 1 - turned(at) }
	return s
}

// longer has callers ask for a token that remains valid for so long, at each of these times.
func (s *script) longer(life time.Duration, times ...time.Duration) *script {
	for _, at := range times {
		s.Actions = append(s.Actions, world.Action{At: at, Do: world.AskLonger, For: life})
	}
	return s
}

// do has something done at each of these times.
func (s *script) do(what world.ActionKind, times ...time.Duration) *script {
	for _, at := range times {
		s.Actions = append(s.Actions, world.Action{At: at, Do: what})
	}
	return s
}

// scripted are worlds that show one rule each.
var scripted = map[string]*script{
	"M3_cold_start":           quiet(nil).arrive(0, 3).arrive(50*ms, 2).arrive(second, 1),
	"M3_a_crowd":              quiet(nil).arrive(0, 1100),
	"M4_refresh_ahead":        quiet(nil).every(10*second, 100*second, 1),
	"M4_advice":               quiet(func(k *world.Parameters) { k.RefreshIn = 1 }).every(7*second, 100*second, 1),
	"M5_the_same_value_again": quiet(func(k *world.Parameters) { k.Repeat = true }).every(7*second, 70*second, 1),
	"M5_short_lives":          quiet(func(k *world.Parameters) { k.Lifetime = 5 * second }).every(200*ms, 40*second, 2),
	"M6_expired_on_arrival": quiet(func(k *world.Parameters) { k.ExpiredOnArrival = 1; k.Duration = 3 * second }).
		arrive(0, 2).arrive(500*ms, 1).arrive(700*ms, 1).arrive(4*second, 1),
	"M6_slower_than_the_lifetime": quiet(func(k *world.Parameters) { k.Lifetime = second; k.Latency = 3 * second; k.Duration = 30 * second }).
		every(900*ms, 20*second, 2),
	"M7_no_lifetime": quiet(func(k *world.Parameters) { k.NoLifetime = 1; k.Duration = 10 * minute }).
		arrive(0, 1).arrive(4*minute, 1).arrive(6*minute, 1),
	"M8_a_short_outage": quiet(nil).every(5*second, 80*second, 1).outage(30*second, 18*second, world.Refusing),
	"M8_malformed":      quiet(nil).every(5*second, 80*second, 1).outage(30*second, 18*second, world.Garbling),
	"M9_a_long_outage":  quiet(nil).every(5*second, 80*second, 2).outage(30*second, 35*second, world.Refusing),
	"M9_a_hanging_end": quiet(nil).
		outage(0, 20*second, world.Hanging).arrive(second, 3).arrive(5*second, 1).arrive(12*second, 1).arrive(25*second, 1),
	"M9_slow_responses": quiet(nil).outage(0, 40*second, world.Crawling).every(3*second, 60*second, 2),
	"M9_come_back_later": quiet(func(k *world.Parameters) { k.RetryAfter = 20 * second }).
		outage(0, 10*second, world.Throttling).arrive(second, 1).arrive(15*second, 1).arrive(40*second, 1),
	"M9_overloaded": quiet(nil).outage(0, 10*second, world.Overloaded).every(700*ms, 20*second, 1),
	"M10_denied": quiet(nil).
		outage(0, 20*second, world.Denying).arrive(second, 1).arrive(3*second, 1).arrive(8*second, 1).arrive(25*second, 1),
	"M11_callers_give_up": quiet(func(k *world.Parameters) { k.Latency = 2 * second; k.Patience = second }).
		arrive(0, 2).arrive(500*ms, 1).arrive(4*second, 1),
	"M12_revocation_under_load": quiet(nil).
		arrive(0, 1).arrive(10*second, 500).do(world.Revoke, 10*second+ms).arrive(10*second+20*ms, 100).arrive(11*second, 1),
	"M12_late_401s": quiet(func(k *world.Parameters) { k.API = 3 * second }).
		every(150*ms, 30*second, 1).do(world.Revoke, 10*second+77*ms).do(world.Refresh, 10*second+99*ms),
	"M12_key_roll_over": quiet(func(k *world.Parameters) { k.KeyLag = 3 * second; k.APIs = 3 }).
		every(400*ms, 80*second, 2),
	"M13_an_API_that_always_says_no": quiet(func(k *world.Parameters) { k.AlwaysReject = true; k.Duration = 40 * second }).
		every(1500*ms, 20*second, 1),
	"M13_one_of_three_says_no": quiet(func(k *world.Parameters) { k.AlwaysReject = true; k.APIs = 3 }).
		every(330*ms, 90*second, 3),
	"M13_a_revoked_value_handed_out": quiet(func(k *world.Parameters) { k.Repeat, k.StaleRepeat = true, true }).
		every(250*ms, 70*second, 2).do(world.Revoke, 12*second+3*ms),
	"M14_close_in_the_middle": quiet(nil).arrive(0, 2).do(world.Close, 50*ms, 2*second).arrive(second, 1),
	"M14_close_in_a_round": quiet(nil).
		outage(0, minute, world.Hanging).arrive(second, 5).do(world.Close, 3*second).arrive(3*second+2*ms, 1),
	"M14_close_under_load": quiet(nil).every(3*ms, 400*ms, 2).do(world.Close, 300*ms+7),
	"M15_fetches_that_ignore_the_end": quiet(func(k *world.Parameters) { k.Stuck = 1; k.Duration = minute; k.Latency = minute }).
		arrive(0, 1).arrive(12*second, 1).arrive(25*second, 1).arrive(37*second, 1).arrive(3*minute, 1),
	"M15_a_rejection_beside_three_abandoned": quiet(func(k *world.Parameters) { k.Stuck = 0.5; k.Lifetime = 5 * minute }).
		raiseDraws(5*second).
		arrive(0, 1).do(world.Refresh, 10*second, 21*second, 32*second).do(world.Revoke, 43*second).every(3*second, minute, 1),
	// The result of fetch 1 comes late, inside the backoff that fetch 2 left.
	"M15_a_late_result_in_a_backoff": quiet(func(k *world.Parameters) { k.Stuck = 0.5 }).calm(5*second).
		arrive(0, 1).outage(40*second, 20*second, world.Denying).arrive(44*second, 1).arrive(47*second, 1),
	"M16_idle": quiet(func(k *world.Parameters) { k.Duration = 10 * minute }).
		arrive(0, 1).arrive(110*second, 1).arrive(5*minute, 1),
	"M16_a_reader_wakes_it": quiet(nil).arrive(0, 1).arrive(50*second, 1).arrive(95*second, 1).arrive(130*second, 1),
	"F4_corrected_credentials": quiet(func(k *world.Parameters) { k.Recheck = true }).
		outage(0, 17*second+ms, world.Denying).every(second+3*ms, 40*second, 2),
	"F4_corrected_behind_a_token": quiet(func(k *world.Parameters) { k.Recheck = true }).
		arrive(0, 1).outage(30*second, 15*second+7*ms, world.Denying).every(5*second, 80*second, 1),
	"M20_longer_lives": quiet(nil).arrive(0, 1).longer(40*second, 5*second, 20*second, 20500*ms, 59*second).
		longer(55*second, 7*second, 70*second).outage(21*second, 3*second, world.Refusing).longer(52*second, 22*second, 22300*ms, 25*second).every(3*second, 70*second, 1),
	"M20_by_hand": quiet(nil).arrive(0, 1).do(world.Refresh, 10*second, 12*second, 17*second).
		outage(11*second, 5*second, world.Denying).arrive(13*second, 1).arrive(18*second, 1),
}
