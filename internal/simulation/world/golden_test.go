package world_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/world"
)

var update = flag.Bool("update", false, "rewrite the golden traces")

const (
	ms     = time.Millisecond
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
)

// quiet is a world in which only the plan's actions happen.
func quiet(change func(k *world.Parameters), actions ...world.Action) world.Plan {
	k := world.Parameters{
		Duration: 2 * minute, Processes: 1, APIs: 1,
		Lifetime: minute, Latency: 100 * ms, API: 10 * ms,
	}
	if change != nil {
		change(&k)
	}
	return world.Plan{Parameters: k, Actions: actions}
}

func arrive(at time.Duration, n int) world.Action {
	return world.Action{At: at, Do: world.Arrive, Count: n}
}

func every(step, until time.Duration, n int) (actions []world.Action) {
	for at := time.Duration(0); at < until; at += step {
		actions = append(actions, arrive(at, n))
	}
	return actions
}

func and(actions []world.Action, more ...world.Action) []world.Action {
	return append(actions, more...)
}

// instructive are worlds worth reading, named after the rule they show.
var instructive = map[string]world.Plan{
	"M3_cold_start": quiet(nil, arrive(0, 3), arrive(50*ms, 2), arrive(second, 1)),
	"M4_refresh_ahead": quiet(nil,
		every(10*second, 100*second, 1)...),
	"M5_the_same_value_again": quiet(func(k *world.Parameters) { k.Repeat = true },
		every(7*second, 70*second, 1)...),
	"M6_expired_on_arrival": quiet(func(k *world.Parameters) { k.ExpiredOnArrival = 1; k.Duration = 3 * second },
		arrive(0, 2), arrive(500*ms, 1), arrive(700*ms, 1), arrive(4*second, 1)),
	"M7_no_lifetime": quiet(func(k *world.Parameters) { k.NoLifetime = 1; k.Duration = 10 * minute },
		arrive(0, 1), arrive(4*minute, 1), arrive(6*minute, 1)),
	"M8_a_short_outage": quiet(nil,
		and(every(5*second, 80*second, 1), world.Action{At: 30 * second, Do: world.Outage, For: 18 * second, Trouble: world.Refusing})...),
	"M9_a_long_outage": quiet(nil,
		and(every(5*second, 80*second, 2), world.Action{At: 30 * second, Do: world.Outage, For: 35 * second, Trouble: world.Refusing})...),
	"M9_a_hanging_endpoint": quiet(func(k *world.Parameters) { k.Duration = 30 * second },
		world.Action{Do: world.Outage, For: 20 * second, Trouble: world.Hanging}, arrive(second, 3), arrive(5*second, 1), arrive(12*second, 1), arrive(25*second, 1)),
	"M9_throttled": quiet(func(k *world.Parameters) { k.RetryAfter = 20 * second },
		world.Action{Do: world.Outage, For: 10 * second, Trouble: world.Throttling}, arrive(second, 1), arrive(15*second, 1), arrive(40*second, 1)),
	"M10_permanent_failures": quiet(nil,
		world.Action{Do: world.Outage, For: 20 * second, Trouble: world.Denying}, arrive(second, 1), arrive(3*second, 1), arrive(8*second, 1), arrive(25*second, 1)),
	"M11_callers_give_up": quiet(func(k *world.Parameters) { k.Latency = 2 * second; k.Patience = second },
		arrive(0, 2), arrive(500*ms, 1), arrive(4*second, 1)),
	"M12_revocation_under_load": quiet(nil,
		arrive(0, 1), arrive(10*second, 5), world.Action{At: 10*second + ms, Do: world.Revoke}, arrive(10*second+20*ms, 2), arrive(11*second, 1)),
	"M13_an_API_that_always_rejects": quiet(func(k *world.Parameters) { k.AlwaysReject = true; k.Duration = 40 * second },
		every(1500*ms, 20*second, 1)...),
	"M14_close_in_the_middle": quiet(nil,
		arrive(0, 2), world.Action{At: 50 * ms, Do: world.Close}, arrive(second, 1), world.Action{At: 2 * second, Do: world.Close}),
	"M15_fetches_that_ignore_their_cancellation": quiet(func(k *world.Parameters) { k.Stuck = 1; k.Duration = minute; k.Latency = minute },
		arrive(0, 1), arrive(12*second, 1), arrive(25*second, 1), arrive(37*second, 1), arrive(3*minute, 1)),
	"M16_idle": quiet(func(k *world.Parameters) { k.Duration = 10 * minute },
		arrive(0, 1), arrive(110*second, 1), arrive(5*minute, 1)),
	"M2_the_clock_is_stepped_back": quiet(nil,
		arrive(0, 1), world.Action{At: 10 * second, Do: world.StepClock, For: -hour}, arrive(30*second, 1), arrive(53*second, 1), arrive(55*second, 1)),
	"M2_the_machine_sleeps": quiet(nil,
		arrive(0, 1), arrive(10*second, 1), world.Action{At: 20 * second, Do: world.Sleep, For: 50 * second}, arrive(75*second, 1)),
	"M17_everything_overdue_at_once": quiet(nil,
		arrive(0, 1), arrive(10*second, 1), world.Action{At: 20 * second, Do: world.StepClock, For: hour}, arrive(21*second, 2)),
	"M20_manual_operations": quiet(nil,
		arrive(0, 1), world.Action{At: 10 * second, Do: world.Refresh}, world.Action{At: 11 * second, Do: world.Outage, For: 5 * second, Trouble: world.Denying},
		world.Action{At: 12 * second, Do: world.Refresh}, arrive(13*second, 1), world.Action{At: 17 * second, Do: world.Refresh}, arrive(18*second, 1)),
}

// TestGoldenTraces shows what a change does to worlds whose every line is known. With -update it accepts the change.
func TestGoldenTraces(t *testing.T) {
	for name, plan := range instructive {
		t.Run(name, func(t *testing.T) {
			r := world.RunPlan(1, plan, true)
			require.Nil(t, r.Violation)
			got := strings.Join(r.Trace, "\n") + "\n"
			file := filepath.Join("testdata", "golden", name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}
