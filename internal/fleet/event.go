package fleet

import "time"

// Event is something that happened in a process.
type Event struct {
	Kind Kind
	// At is when it happened, in nanoseconds since 1970: all processes have the same clock.
	At int64
	// Shared says that a token came from the store.
	Shared bool `json:",omitempty"`
	// Request names the API request that failed.
	Request string `json:",omitempty"`
	// Err says why.
	Err string `json:",omitempty"`
	// Counts is what the process has counted.
	Counts *Counts `json:",omitempty"`
}

// Time is [Event].At.
func (e *Event) Time() time.Time { return time.Unix(0, e.At) }

// Kind says what an [Event] is about.
type Kind string

// The kinds of events.
const (
	// Ready: the process waits for orders.
	Ready Kind = "ready"
	// Fetching and Fetched: a token request begins, and has ended.
	Fetching Kind = "fetching"
	Fetched  Kind = "fetched"
	// Token: there is a token that was not there before.
	Token Kind = "token"
	// Failed: an API request failed. Request and Err say which, and why.
	Failed Kind = "failed"
	// StoreFailed: the store did not work.
	StoreFailed Kind = "store failed"
	// Counted: Counts are those of the process until now.
	Counted Kind = "counted"
	// Listening: the process has subscribed to the channel, and Heard: there was a message on it. Published: it begins
	// to publish one.
	Listening Kind = "listening"
	Heard     Kind = "heard"
	Published Kind = "published"
	// Broken: the process cannot do its task. Err says why.
	Broken Kind = "broken"
)

// Counts is what a process has counted.
type Counts struct {
	// Requests is how many API requests came to an end, and Failed how many of them to any other than success.
	Requests, Failed uint64
	// Slowest is how long the slowest of them took, in nanoseconds.
	Slowest time.Duration
	// Fetches is how many token requests were made, and Alone how many of them without the store, though there is one.
	Fetches, Alone uint64
	// Adopted is how many tokens came from the store, Offered how many were handed in that it did not have, and Errors
	// how often it did not work.
	Adopted, Offered, Errors uint64
}

// add adds the counts of another process.
func (c *Counts) add(other Counts) {
	c.Requests += other.Requests
	c.Failed += other.Failed
	c.Slowest = max(c.Slowest, other.Slowest)
	c.Fetches += other.Fetches
	c.Alone += other.Alone
	c.Adopted += other.Adopted
	c.Offered += other.Offered
	c.Errors += other.Errors
}
