package scenarios

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// What a world may be at most. Beyond, it would take hours or all memory there is.
const (
	maxDuration = 366 * 24 * time.Hour
	maxCallers  = 5_000_000 // in all processes
	maxEvents   = 5e9       // roughly
	maxWatchers = 1000      // in each process
	minLifetime = 100 * time.Millisecond
)

// Validate reports everything that makes no sense, by its key.
func (s *Scenario) Validate() error {
	k := &s.Plan.Parameters
	var problems []error
	refuse := func(is bool, key, format string, args ...any) {
		if is {
			problems = append(problems, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
		}
	}
	for _, parameter := range Parameters() {
		switch v := parameter.Of(k).(type) {
		case *int:
			refuse(*v < 0, parameter.Name, "is %d: must not be negative", *v)
		case *time.Duration:
			refuse(*v < 0, parameter.Name, "is %v: must not be negative", *v)
			refuse(*v > maxDuration, parameter.Name, "is %v: must be a year at most", *v)
		case *float64:
			part := parameter.Name != "drift" && parameter.Name != "clock_steps"
			refuse(part && !(*v >= 0 && *v <= 1), parameter.Name, "is %v: must be from 0 to 1", *v)
		}
	}
	refuse(k.Duration < time.Second, "duration", "is %v: must be 1s at least", k.Duration)
	refuse(k.Processes == 0, "processes", "is 0: must be 1 at least")
	refuse(k.APIs == 0, "apis", "is 0: must be 1 at least")
	refuse(k.Watchers > maxWatchers, "watchers", "are %d: must be %d at most", k.Watchers, maxWatchers)
	refuse(k.Lifetime < minLifetime, "lifetime", "is %v: must be %v at least", k.Lifetime, minLifetime)
	refuse(k.Processes*k.Callers > maxCallers, "callers", "are %d in %d processes: must be %d in all at most", k.Callers, k.Processes, maxCallers)
	refuse(k.Callers > 0 && k.Interval < time.Millisecond, "interval", "is %v: must be 1ms at least", k.Interval)
	if k.Callers > 0 && k.Interval >= time.Millisecond {
		events := 2 * float64(k.Processes) * float64(k.Callers) * float64(k.Duration) / float64(k.Interval)
		refuse(events > maxEvents, "callers", "make about %.0e events: make them fewer, the interval longer or the duration shorter", events)
	}
	refuse(k.Drift < -0.5 || k.Drift > 0.5, "drift", "is %v: must be from -0.5 to 0.5", k.Drift)
	refuse(k.ClockSteps < 0 || k.ClockSteps > 100, "clock_steps", "is %v: must be from 0 to 100", k.ClockSteps)
	refuse(k.Outage > 0 && len(k.Troubles) == 0, "outages", "is %v, but troubles is empty: say what the trouble is", k.Outage)
	refuse(k.Outage == 0 && len(k.Troubles) > 0, "troubles", "are set, but outages is 0: say how long they last")
	for i, d := range s.Plan.Actions {
		if err := validAction(d, k); err != nil {
			problems = append(problems, fmt.Errorf("actions[%d] (%s): %w", i, actionNames[d.Do], err))
		}
	}
	return errors.Join(problems...)
}

func validAction(d world.Action, k *world.Parameters) error {
	needs := needs[d.Do]
	switch {
	case d.At < 0 || d.At >= k.Duration:
		return fmt.Errorf("at is %v: must be within the duration, %v", d.At, k.Duration)
	case d.Process < 0 || d.Process >= k.Processes:
		return fmt.Errorf("process is %d: must be from 0 to %d", d.Process, k.Processes-1)
	case needs.count && (d.Count < 1 || d.Count > maxCallers):
		return fmt.Errorf("count is %d: must be from 1 to %d", d.Count, maxCallers)
	case needs.lasts && d.For <= 0:
		return fmt.Errorf("for is %v: must be longer than 0", d.For)
	case needs.by && (d.For == 0 || d.For.Abs() > maxDuration):
		return fmt.Errorf("by is %v: must be a step forward or back, of a year at most", d.For)
	}
	return nil
}
