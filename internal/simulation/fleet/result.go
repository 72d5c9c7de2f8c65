package fleet

import (
	"fmt"
	"time"
)

// Result is a world that has run.
type Result struct {
	Seed       uint64
	Parameters Parameters
	// Hash is that of everything that happened.
	Hash      uint64
	Stats     Stats
	Violation *Violation // nil if every rule held
	// Trace is every line, if it was kept.
	Trace []string
}

// Stats is what happened in a world.
type Stats struct {
	Events, Steps int
	// Virtual is the time that passed.
	Virtual time.Duration
	// Requests is how many token requests were sent. Served, Failed and Refused count callers: those that got a token,
	// those whose own token's round failed, and those that the endpoint refused to let wait.
	Requests, Served, Failed, Refused int
	// Suspected and Held count how often the endpoint became suspect, and a client id was put on hold.
	Suspected, Held int
	// Of a pool: Created, Evicted and Forgotten count tokens, Full the callers that were refused because there were too
	// many, and PassedOn those whose token left the pool under their eyes. Rejections are 401s, Watched watchers.
	Created, Evicted, Forgotten, Full, PassedOn, Rejections, Watched int
	// Seconds is the token requests of each second, and Refusals the callers that failed in it.
	Seconds, Refusals []int
	// Longest is the longest that a caller waited that was served.
	Longest time.Duration
}

// Add adds other's figures, except for those by the second.
func (s *Stats) Add(other *Stats) {
	s.Events += other.Events
	s.Steps += other.Steps
	s.Virtual += other.Virtual
	s.Requests += other.Requests
	s.Served += other.Served
	s.Failed += other.Failed
	s.Refused += other.Refused
	s.Suspected += other.Suspected
	s.Held += other.Held
	s.Created += other.Created
	s.Evicted += other.Evicted
	s.Forgotten += other.Forgotten
	s.Full += other.Full
	s.PassedOn += other.PassedOn
	s.Rejections += other.Rejections
	s.Watched += other.Watched
	s.Longest = max(s.Longest, other.Longest)
}

// Violation is a rule that was broken.
type Violation struct {
	Seed       uint64
	Parameters Parameters
	Rule, Text string
	Last       []string
}

// Error says which rule was broken.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s is broken: %s\n  fleet seed %d\n  parameters %s\n", v.Rule, v.Text, v.Seed, v.Parameters)
	for _, l := range v.Last {
		text += "  " + l + "\n"
	}
	return text
}
