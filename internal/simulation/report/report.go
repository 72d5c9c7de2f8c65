// Package report shows what happened in a world: as a table for a terminal, and as a page with pictures that needs
// nothing but a browser.
package report

import (
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// Report is what is shown.
type Report struct {
	Title, About string
	Seed         uint64
	// Result and Recording are of our own policy, Baselines of the others in the same world, if they were tried.
	Result    *world.Result
	Recording *world.Recording
	Baselines []*world.Recording
	// Took is the real time it took to run our own.
	Took time.Duration
	// Command makes the same report again; empty if that cannot be said.
	Command string
	// Stopped: it was interrupted.
	Stopped bool
}

// contenders are all recordings, ours first.
func (r *Report) contenders() []*world.Recording {
	return append([]*world.Recording{r.Recording}, r.Baselines...)
}

// got is how many requests succeeded.
func got(s *world.Sample) int { return s.Outcomes[world.Succeeded] + s.Outcomes[world.RetrySucceeded] }

// failed is how many were not, except those that a Close met.
func failed(s *world.Sample) int {
	return s.Outcomes[world.Unauthorized] + s.Outcomes[world.Refused] + s.Outcomes[world.Left]
}

var outcomes = []world.Outcome{world.Succeeded, world.RetrySucceeded, world.Unauthorized, world.Refused, world.Left, world.Closed}

// Describe says how a request ended, in more than its name.
func Describe(o world.Outcome) string {
	return map[world.Outcome]string{
		world.Succeeded:      "succeeded at once",
		world.RetrySucceeded: "succeeded after a 401",
		world.Unauthorized:   "401 handed to the caller",
		world.Refused:        "refused unsent, for want of a token",
		world.Left:           "caller gave up waiting",
		world.Closed:         "came after Close",
	}[o]
}

// costOf is what a baseline would have cost, in a sentence.
func costOf(ours, baseline *world.Recording) string {
	name := map[world.Policy]string{
		world.LockedFetch: "With a lock held over the fetch and a fixed margin, as in most libraries",
		world.NoCache:     "Without a cache",
	}[baseline.Policy]
	return name + ": " + plural(baseline.Sum.Started, "token request") + " (alf " + count(ours.Sum.Started) + "), " +
		plural(failed(&baseline.Sum), "failed request") + " (alf " + count(failed(&ours.Sum)) + "), " +
		"longest wait for a token " + wait(baseline.Waits.Max()) + " (alf " + wait(ours.Waits.Max()) + ")."
}
