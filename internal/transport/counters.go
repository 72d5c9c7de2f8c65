package transport

import "sync/atomic"

// Counters are incremented off the hot path only: all processors would contend for one that every request writes.
// package alf documents them as Stats.
type Counters struct {
	Unauthorized, Retried, RetrySucceeded, Unreplayable, NonceRetries, Unsent, Refused atomic.Uint64
}
