package store

import "fmt"

// ReplyKind says what a [Reply] means.
type ReplyKind uint8

// The kinds of reply.
const (
	// Have: Record is usable and the caller has not rejected it. To an Offer: the store's own record is as good.
	Have ReplyKind = iota + 1
	// Fetch: the caller fetches now, under the lease Grant, which ends at Until. To an Offer: it publishes. To an
	// Extend: the lease goes on.
	Fetch
	// Wait: another process fetches, or the next fetch may not begin yet. Ask again at Until, or when a push comes.
	Wait
	// Held: the endpoint must not be contacted before Until; Hold says why.
	Held
	// Suppressed: the origin rejects whatever is fetched for it, so this rejection leads to no fetch (M13). A later
	// one may, from Until on.
	Suppressed
	// Done: the command was run.
	Done
	// Stale: a later lease was given out, or the store began again. The command was ignored. Record is the store's,
	// if it is usable.
	Stale
	// Refused: the offered token was rejected by an API, or has expired.
	Refused

	replyKinds = iota + 1
)

var replyNames = [replyKinds]string{
	Have: "have", Fetch: "fetch", Wait: "wait", Held: "held", Suppressed: "suppressed", Done: "done", Stale: "stale",
	Refused: "refused",
}

// String is the kind's name in lower case.
func (k ReplyKind) String() string {
	if k > 0 && k < replyKinds {
		return replyNames[k]
	}
	return fmt.Sprintf("reply %d", uint8(k))
}

// Reply is what a store returns. Fields that do not belong to its kind are zero, except Now and Version.
type Reply struct {
	Kind ReplyKind
	// Now is the store's time when the command was run.
	Now Time
	// Version is that of the record that the store has now, usable or not. Gen is 0 if there is none.
	Version Version

	// Record, of Have and Stale. Sealed is left out if the caller has seen this version.
	Record Record
	// Grant, of Fetch, is the lease: the version that the published record will have.
	Grant Version
	// Until, of Fetch, is the end of the lease; of Wait, when to ask again; of Held and Suppressed, when a fetch may
	// begin.
	Until Time
	// Hold, of Held, is the hold. Of a Fetch in reply to Acquire, it is the last one, if no fetch has succeeded
	// since.
	Hold HoldState

	// Guarded says that the fleet has a guard on the origin that the command names (M13). A caller whose rejection is
	// Suppressed puts one up as well.
	Guarded bool
	// Note, if Guarded, is the note of the last command that reported a rejection by the origin.
	Note []byte
}

// Push is the part of a state that others wait for. Its zero value is that of a store without a record.
type Push struct {
	// Now is the store's time at which the push was made.
	Now Time
	// Version is that of the record.
	Version Version
	// Record is the record, usable or not. Its Gen is 0 if there is none.
	Record Record
	// Hold is the hold that is in force. Its Until is 0 if there is none.
	Hold HoldState
	// Busy is until when a process may fetch. It is 0 if no lease is in force.
	Busy Time
}

// Push is what a store passes on about the state to those that watch it.
func (s *State) Push(now Time) Push {
	p := Push{Now: now, Version: s.version(), Record: s.Record}
	if now < s.Hold.Until {
		p.Hold = s.Hold
	}
	if now < s.Lease.Until {
		p.Busy = s.Lease.Until
	}
	return p
}
