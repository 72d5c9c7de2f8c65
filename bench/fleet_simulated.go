package main

import (
	"fmt"
	"time"

	simulated "github.com/alf-go/alf/internal/simulation/sharing"
)

// simulated is a fleet that is too large for one machine, in virtual time. What one process makes is beside it.
func (f *figures) simulated(s *sheet) error {
	n := f.b.scaled(10_000, 500)
	day := simulated.Parameters{
		Duration: 24 * time.Hour, Processes: n, Interval: 5 * time.Minute, Lifetime: time.Hour,
		Latency: 50 * time.Millisecond, StoreLatency: time.Millisecond, Poll: 10 * time.Minute,
	}
	lone := day
	lone.Processes = 1
	// The fewest are those of tokens that are replaced as late as possible.
	for i, kind := range []struct {
		what     string
		fraction float64
		few      func(all, one int) (expected string, ok bool)
	}{
		{"refreshed as late as possible", 1, func(all, _ int) (string, bool) { return "24 to 25", all >= 24 && all <= 25 }},
		{"by default", 0, func(all, one int) (string, bool) { return "as one process", 10*all <= 11*one }},
	} {
		f.say("a simulated day, " + kind.what)
		day.RefreshFraction, lone.RefreshFraction = kind.fraction, kind.fraction
		began := time.Now()
		all, err := simulated.RunWith(1, day)
		if err != nil {
			return fmt.Errorf("a simulated day: %w", err)
		}
		took := time.Since(began)
		one, err := simulated.RunWith(1, lone)
		if err != nil {
			return fmt.Errorf("a simulated day: %w", err)
		}
		expected, ok := kind.few(all.Fetches, one.Fetches)
		s.row(requestsTable, []int{simulatedRow, simulatedByDefaultRow}[i], fmt.Sprintf("%s processes, a simulated day, %s", count(n), kind.what),
			count(all.Fetches), count(all.Failed), expected, "–", count(one.Fetches))
		numbers := fmt.Sprintf("%d, one process %d; in %s", all.Fetches, one.Fetches, duration(took))
		s.promise(ok && all.Failed == 0, fmt.Sprintf("%s processes for a simulated day, tokens of an hour, %s: %s", count(n), kind.what, expected), numbers)
		if i == 0 {
			s.aim(took <= 30*time.Second, "that takes seconds", duration(took))
		}
	}
	return nil
}
