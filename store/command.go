package store

import (
	"fmt"
	"strings"
)

// Kind says what a [Command] does.
type Kind uint8

// The kinds of command.
const (
	// Acquire asks for a token. Replies: [Have], [Fetch], [Wait], [Held], [Suppressed].
	Acquire Kind = iota + 1
	// Publish hands in the token that was fetched under a lease, and ends the lease, the hold and the count of
	// failures. Replies: [Done], [Stale].
	Publish
	// Offer asks whether the store can use a token that the caller holds: one that it fetched while the store was
	// down, or that the store has lost. A process whose token the store has may send it from time to time, to see
	// that no push was lost. Replies: [Have], [Wait], [Refused], or [Fetch], which here means: hand it in with
	// Publish, under this lease.
	Offer
	// Hold says that a fetch under a lease failed in a way that concerns other processes, and ends the lease.
	// Replies: [Held] if it binds all processes, [Done] if it does not, because so far only this process has met it
	// (D6); [Stale].
	Hold
	// Extend prolongs a lease while a slow fetch is under way (D7). Replies: [Fetch], [Stale].
	Extend
	// Release ends a lease without a token: the fetch was cancelled, or failed in a way that may be this process's
	// own, such as a refusal of its credentials (D6). Replies: [Done], [Stale].
	Release
	// Outcome reports what an API made of a token that was fetched because the API had rejected the one before (M13):
	// of each retry. What first sends prove to a process, it says with [Command].Guarded. A process that itself
	// suppresses an origin's rejections sends one in 20 seconds at least, so that the origin does not count as quiet.
	// Reply: [Done].
	Outcome

	kinds = iota + 1
)

var kindNames = [kinds]string{
	Acquire: "acquire", Publish: "publish", Offer: "offer", Hold: "hold", Extend: "extend", Release: "release", Outcome: "outcome",
}

// String is the kind's name in lower case.
func (k Kind) String() string {
	if k > 0 && k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Class says whom the failure of a fetch concerns.
type Class uint8

// The classes of failure.
const (
	// Response: the endpoint responded, with a 429, a Retry-After, a 5xx or whatever else is no process's own. It
	// binds all processes.
	Response Class = iota + 1
	// Connection: there was no response. It binds all processes once two of them have met it with no success in
	// between (D6): the first may have lost its own network.
	Connection

	classes = iota + 1
)

// Command is one message to a store. Fields that do not belong to its kind are zero.
type Command struct {
	Kind Kind

	// Owner names the sender: 1 to 64 letters, digits, '-' and '_', chosen at random once per process and token. Of
	// all kinds except Outcome.
	Owner string
	// Lease, of Acquire, Offer and Extend, is how long a lease is to last from now, in milliseconds: from [MinLease]
	// to [MaxLease].
	Lease int64
	// Seen, of Acquire and Offer, is the greatest version of a record that the sender has opened, adopted or not. A
	// record up to it is of no use to the sender: Acquire asks for a newer one.
	Seen Version

	// Rejected, of Acquire, names the sender's current token if an API has rejected it. It requires Origin.
	Rejected Digest
	// Origin, of Acquire with Rejected and of Outcome, names the API.
	Origin Digest
	// Good, of Acquire with Rejected, says that the path of the rejected request has accepted a token since the guard
	// went up, and that its last retry was not rejected (M13).
	Good bool
	// Guarded, of Acquire with Rejected and of Outcome, says that the sender has a guard on the origin (M13). It may
	// have evidence that the store does not see, such as first sends that are accepted. The store then has one, too.
	Guarded bool
	// Urgent, of Acquire, says that the sender has no usable token, so that its callers wait.
	Urgent bool
	// Manual, of Acquire, says that a caller demands a fetch (M20): the record that the store has is not good enough,
	// and no hold applies. If the reply is Wait, the next Acquire is without it, or the token would be fetched twice.
	Manual bool

	// Grant, of Publish, Hold, Extend and Release, is the lease: [Reply].Grant of the reply Fetch.
	Grant Version
	// Digest, of Publish and Offer, names the token that is handed in; of Outcome, the token that was sent.
	Digest Digest
	// Expires, of Publish and Offer, is the token's expiry.
	Expires Time
	// Sealed, of Publish, is what the other processes need of the token, sealed under Grant and Expires: up to
	// [MaxSealed] bytes.
	Sealed []byte
	// Offered, of Publish, says that the token was not fetched under this lease: the lease is the reply to an Offer.
	// Such a token shows nothing about the endpoint, so it ends no hold, and it was fetched for no origin that awaits
	// one.
	Offered bool

	// Class, of Hold, says whom the failure concerns.
	Class Class
	// Until, of Hold, is when the next fetch may begin: at most [MaxHold] from now. A minute more is accepted,
	// because the sender's idea of the store's time is inexact.
	Until Time
	// Behind, of Hold, says that the fetch was a refresh behind a usable token, and that the endpoint did not ask for
	// the pause. Such a hold does not bind a process that has lost its token since, or whose token is rejected (M8,
	// M9, M21).
	Behind bool
	// Failures, of Hold, counts the failed fetches in a row, this one included: one more than that of [Reply].Hold of
	// the reply Fetch. So all processes together have one backoff.
	Failures int64

	// Accepted, of Outcome, says that the API accepted the token; otherwise it rejected a retry.
	Accepted bool
	// Age, of Outcome, is how long ago the request was sent at least, in milliseconds.
	Age int64

	// Note is what others need to trust the command, which the store cannot read: of Hold, a seal on its fields; of
	// Acquire with Rejected and of Outcome, a seal on the claim that the origin rejected the token. Optional, up to
	// [MaxNote] bytes.
	Note []byte
}

// of is a set of kinds.
type of uint8

func these(kinds ...Kind) (s of) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

var (
	leasing = these(Acquire, Offer, Extend)
	leased  = these(Publish, Hold, Extend, Release)
)

// Validate returns an error that names the first field that makes no sense: a [*FieldError].
func (c *Command) Validate() error {
	if c.Kind == 0 || c.Kind >= kinds {
		return bad("Kind", "unknown kind of command", "use one of Acquire to Outcome")
	}
	if err := c.misplaced(); err != nil {
		return err
	}
	is := func(s of) bool { return s&(1<<c.Kind) != 0 }
	for _, check := range []struct {
		field   string
		applies bool
		right   bool
		problem string
		remedy  string
	}{
		{"Owner", c.Kind != Outcome, isOwner(c.Owner), "not a name of an owner", "use 1 to 64 letters, digits, '-' and '_'"},
		{"Lease", is(leasing), c.Lease >= MinLease && c.Lease <= MaxLease, "out of range", "use 100 to 60000 milliseconds"},
		{"Seen", true, c.Seen.valid(), "not a version", "use what a record had, or the zero Version"},
		{"Rejected", c.Rejected != "", c.Rejected.valid(), "not a digest", hexRemedy},
		{"Origin", c.Rejected != "" || c.Kind == Outcome, c.Origin.valid(), "not a digest", hexRemedy},
		{"Origin", c.Kind == Acquire && c.Rejected == "", c.Origin == "", "there is no rejection that it could belong to", "leave it empty, or set Rejected"},
		{"Good", c.Rejected == "", !c.Good, "there is no rejection that it could belong to", "leave it false, or set Rejected"},
		{"Guarded", c.Kind == Acquire && c.Rejected == "", !c.Guarded, "there is no rejection that it could belong to", "leave it false, or set Rejected"},
		{"Note", c.Kind == Acquire && c.Rejected == "", len(c.Note) == 0, "there is no rejection that it could belong to", "leave it empty, or set Rejected"},
		{"Grant", is(leased), c.Grant.valid() && c.Grant.Gen > 0, "not a lease", "use Grant of the reply Fetch"},
		{"Digest", is(these(Publish, Offer, Outcome)), c.Digest.valid(), "not a digest", hexRemedy},
		{"Expires", is(these(Publish, Offer)), c.Expires.valid(), "out of range", timeRemedy},
		{"Sealed", c.Kind == Publish, len(c.Sealed) > 0 && len(c.Sealed) <= MaxSealed, "missing or too long", "use 1 to 65536 bytes"},
		{"Class", c.Kind == Hold, c.Class > 0 && c.Class < classes, "unknown class of failure", "use Response or Connection"},
		{"Until", c.Kind == Hold, c.Until.valid(), "out of range", timeRemedy},
		{"Failures", c.Kind == Hold, c.Failures >= 1 && c.Failures <= MaxFailures, "out of range", "use 1 to 1000"},
		{"Age", true, c.Age >= 0 && c.Age <= MaxNumber, "out of range", "use milliseconds, at least 0"},
		{"Note", true, len(c.Note) <= MaxNote, "too long", "use up to 128 bytes"},
	} {
		if check.applies && !check.right {
			return bad(check.field, check.problem, check.remedy)
		}
	}
	return nil
}

// misplaced finds a field that is set and does not belong to the kind.
func (c *Command) misplaced() error {
	for _, field := range []struct {
		name string
		set  bool
		of   of
	}{
		{"Owner", c.Owner != "", leasing | leased},
		{"Lease", c.Lease != 0, leasing},
		{"Seen", c.Seen != Version{}, these(Acquire, Offer)},
		{"Rejected", c.Rejected != "", these(Acquire)},
		{"Origin", c.Origin != "", these(Acquire, Outcome)},
		{"Good", c.Good, these(Acquire)},
		{"Guarded", c.Guarded, these(Acquire, Outcome)},
		{"Urgent", c.Urgent, these(Acquire)},
		{"Manual", c.Manual, these(Acquire)},
		{"Grant", c.Grant != Version{}, leased},
		{"Digest", c.Digest != "", these(Publish, Offer, Outcome)},
		{"Expires", c.Expires != 0, these(Publish, Offer)},
		{"Sealed", len(c.Sealed) > 0, these(Publish)},
		{"Offered", c.Offered, these(Publish)},
		{"Class", c.Class != 0, these(Hold)},
		{"Until", c.Until != 0, these(Hold)},
		{"Behind", c.Behind, these(Hold)},
		{"Failures", c.Failures != 0, these(Hold)},
		{"Accepted", c.Accepted, these(Outcome)},
		{"Age", c.Age != 0, these(Outcome)},
		{"Note", len(c.Note) > 0, these(Acquire, Hold, Outcome)},
	} {
		if field.set && field.of&(1<<c.Kind) == 0 {
			return bad(field.name, "does not belong to the command "+c.Kind.String(), "leave it empty")
		}
	}
	return nil
}

const (
	hexRemedy  = "use 32 hexadecimal digits in lower case"
	timeRemedy = "use milliseconds since 1970, from 1 to 2^53-1"
)

func bad(field, problem, remedy string) error {
	return &FieldError{Field: field, Problem: problem, Remedy: remedy}
}

// Validate returns an error unless id is one: a [*FieldError].
func (id ID) Validate() error {
	if !isHex(string(id)) {
		return bad("ID", "not an ID", hexRemedy)
	}
	return nil
}

func (d Digest) valid() bool { return isHex(string(d)) }

func (t Time) valid() bool { return t > 0 && t <= MaxNumber }

// valid reports whether v is a version that a store can have: none, or an epoch with or without a record.
func (v Version) valid() bool {
	return v.Epoch >= 0 && v.Epoch <= MaxNumber && v.Gen >= 0 && v.Gen <= MaxNumber && (v.Epoch > 0 || v.Gen == 0)
}

func isHex(s string) bool {
	return len(s) == 32 && only(s, "0123456789abcdef")
}

func isOwner(s string) bool {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return s != "" && len(s) <= MaxOwner && only(s, characters)
}

// only reports whether s consists of these characters.
func only(s, characters string) bool {
	for _, r := range s {
		if !strings.ContainsRune(characters, r) {
			return false
		}
	}
	return true
}
