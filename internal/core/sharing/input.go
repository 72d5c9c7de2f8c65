package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// InputKind says what an [Input] is about.
type InputKind uint8

// The kinds of input.
const (
	// Want: the token's core wants a fetch, or wants it more urgently than before.
	Want InputKind = iota + 1
	// Unwant: it does not want it any more.
	Unwant
	// Rejected: an API rejected the token that this process has.
	Rejected
	// FetchEnded: the fetch that was started ended, or was given up.
	FetchEnded
	// RoundFailed: no further attempt follows the fetch that failed.
	RoundFailed
	// Adopted: the token of a record is the one that this process has now.
	Adopted
	// Replied: the store replied. Failed: it did not, or not in time.
	Replied
	Failed
	// Pushed: the store reported a change.
	Pushed
	// Wake: the time of [Effects].Wake has come.
	Wake
	// Close: nothing is wanted any more. What is granted is given back.
	Close
)

// Input is one message to the core. Fields that do not belong to its kind are zero.
type Input struct {
	Kind InputKind

	// Urgent, of Want, says that callers wait. Manual says that one demands a fetch (M20).
	Urgent, Manual bool

	// Digest, of Rejected, FetchEnded and Adopted, names the token.
	Digest store.Digest
	// Origin, of Rejected, names the API, and Note is the proof of the rejection. Guarded says that this process has a
	// guard on the API, and Good that the path of the request has accepted a token since (M13).
	Origin        store.Digest
	Note          []byte
	Guarded, Good bool

	// OK, of FetchEnded, says that there is a token, which lives for Life from now.
	OK   bool
	Life time.Duration

	// Class, of RoundFailed, says whom the failure concerns: zero means this process alone (D6). Backoff is how long
	// the token's core waits, and Asked says that the endpoint asked for it. Behind says that the fetch was a refresh
	// behind a usable token.
	Class   store.Class
	Backoff time.Duration
	Asked   bool
	Behind  bool

	// Version, of Adopted, is that of the record.
	Version store.Version

	// Op, of Replied and Failed, is [Effects].Op of the command.
	Op uint64
	// Reply, of Replied, is the store's.
	Reply store.Reply
	// Push, of Pushed, is the store's.
	Push store.Push
	// Opened, of Replied and Pushed, says that the record in it could be opened and its token be used here. Trusted
	// says the same of the note of what else it says: a hold, a guard.
	Opened, Trusted bool
}
