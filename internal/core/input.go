package core

import "time"

// InputKind is a message to the core.
type InputKind uint8

// The messages.
const (
	Get         InputKind = iota + 1 // somebody found no usable token
	Invalidate                       // somebody saw a token refused
	Refresh                          // somebody wants a fetch now
	Fetched                          // a fetch ended
	Wake                             // the timer fired; it may be early or late
	Expire                           // the timer set at a publication fired
	RefreshHint                      // somebody read a token that was due
	Close
)

// Input is one message. Fields that do not belong to its kind are zero.
type Input struct {
	Kind InputKind
	// Read: somebody has read the current token since it was published. Of every kind.
	Read bool

	// Of Invalidate. Current: the refused token is the one published now. Wait: the sender waits for a successor.
	Current bool
	Wait    bool
	Origin  uint64

	// Of Fetched.
	Flight uint64
	Result Result

	// Of Wake: what the timer was set for.
	At Elapsed
	// Of Expire: which publication the timer was set for.
	Publication uint64
}

// Result is how a fetch ended.
type Result struct {
	OK bool

	// Of a success. Expiry zero: none was given. Same: the value is that of the last token. RefreshIn: the endpoint's
	// advice, from the start of the fetch; 0 if none.
	Expiry    time.Time
	Same      bool
	RefreshIn time.Duration

	// Of a failure. EndsRound: the endpoint asks to be left alone. RetryAfter: for how long; 0 if it did not say.
	Permanent  bool
	EndsRound  bool
	RetryAfter time.Duration
}
