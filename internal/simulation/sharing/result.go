package sharing

import (
	"fmt"
	"time"
)

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
