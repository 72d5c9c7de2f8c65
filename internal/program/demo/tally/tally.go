// Package tally counts what happened to the callers' requests.
package tally

import (
	"sync/atomic"
	"time"
)

// Tally is what the callers saw during one act. Its zero value is ready; it is safe for concurrent use, and must not be
// copied.
type Tally struct {
	// Served are the requests that were served at once, Retried those that were served the second time they were sent,
	// Refused those that were refused because there was no token.
	Served, Retried, Refused Timed
	// Failed counts the requests that came to any other end.
	Failed atomic.Uint64
}

// Requests is how many requests came to an end.
func (t *Tally) Requests() uint64 {
	return t.Served.Count() + t.Retried.Count() + t.Refused.Count() + t.Failed.Load()
}

// LongestWait is how long any of the requests that were served waited for its token at most.
func (t *Tally) LongestWait() time.Duration { return max(t.Served.Token.Max(), t.Retried.Token.Max()) }

// Merge adds what other has counted.
func (t *Tally) Merge(other *Tally) {
	t.Served.merge(&other.Served)
	t.Retried.merge(&other.Retried)
	t.Refused.merge(&other.Refused)
	t.Failed.Add(other.Failed.Load())
}

// Timed is how long requests took.
type Timed struct {
	// Whole is the time from the call to the end of the response, Token the part of it spent waiting for a token.
	Whole, Token Histogram
}

// Record counts one request.
func (t *Timed) Record(whole, token time.Duration) {
	t.Whole.Record(whole)
	t.Token.Record(token)
}

// Count is how many requests were recorded.
func (t *Timed) Count() uint64 { return t.Whole.Count() }

func (t *Timed) merge(other *Timed) {
	t.Whole.Merge(&other.Whole)
	t.Token.Merge(&other.Token)
}
