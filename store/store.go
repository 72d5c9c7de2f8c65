package store

import (
	"context"
	"time"

	"github.com/alf-go/alf/internal/fielderror"
)

// Store runs commands and passes changes on. It is safe for concurrent use, also by several processes.
//
// package filestore implements it.
type Store interface {
	// Do runs one command on the state of id, as [Step] does: atomically, in the store's time. An error means that
	// the caller does not know whether the command was run, unless it is a [FieldError]: then it was not. Do returns
	// soon after ctx has ended, whatever the store does. A manager ends it after 150 ms, as a rule (D4).
	Do(ctx context.Context, id ID, c Command) (Reply, error)

	// Watch calls push with each change of the state of id that other processes may wait for (see [Change]), first
	// with the state as it is. It returns when ctx has ended, with the context's error, or when it cannot go on, with
	// the reason; then some changes were missed, and the caller may watch again. A change may be reported late,
	// twice, or only together with the next. Calls of push do not overlap. push must not block.
	Watch(ctx context.Context, id ID, push func(Push)) error

	// Close ends all of the above, and waits for no store operation. Close is idempotent. After it, Do and Watch
	// return an error that is [ErrClosed].
	Close() error
}

// FieldError says which field of a command, or of a store's configuration, makes no sense, why, and what to do about
// it.
type FieldError = fielderror.Error

// ID names what is shared: 32 hexadecimal digits in lower case, made by a keyed hash from everything that a token
// request depends on (D1).
type ID string

// Digest names a token or an origin without showing it: 32 hexadecimal digits in lower case, made by a keyed hash
// (D3).
type Digest string

// Time is a moment in the store's time: milliseconds since 1970-01-01 UTC, as the store's clock reads. It is greater
// than zero and at most [MaxNumber]. In optional fields, zero means none.
type Time int64

// TimeOf is t as a store writes it. Parts of a millisecond are cut off.
func TimeOf(t time.Time) Time { return Time(t.UnixMilli()) }

// Std is the moment as a time of the standard library, in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Version orders records: by Epoch, then by Gen. The zero Version is before all others: nothing seen.
type Version struct {
	// Epoch grows each time that a store begins again without a record. It is the time of that moment in
	// milliseconds, or more. Zero: none.
	Epoch int64 `json:"epoch"`
	// Gen is the fence of the lease that made the record. Zero: no record.
	Gen int64 `json:"gen"`
}

// Less reports whether v is before w.
func (v Version) Less(w Version) bool {
	return v.Epoch < w.Epoch || v.Epoch == w.Epoch && v.Gen < w.Gen
}

// Limits. Commands beyond them are refused, and states beyond them count as missing.
const (
	// MaxNumber is the greatest number in a command or state: 2^53-1, the greatest whole number of which a
	// floating-point number of 64 bits has all neighbours.
	MaxNumber = 1<<53 - 1
	// MaxSealed is how many bytes a sealed record has at most. A token that is larger is not shared.
	MaxSealed = 64 << 10
	// MaxNote is how many bytes a note has at most.
	MaxNote = 128
	// MaxOwner is how many characters the name of an owner has at most.
	MaxOwner = 64
	// MaxGuards is how many origins a state remembers (M13).
	MaxGuards = 64
	// MaxContested is how many rejected tokens a state remembers. The oldest makes way.
	MaxContested = 16

	// MinLease and MaxLease bound the length of a lease, in milliseconds.
	MinLease, MaxLease = 100, 60_000
	// DefaultLease is the length of a lease that processes ask for, in milliseconds (D7).
	DefaultLease = 1_500
	// MaxTenure is how long one lease lasts however often it is prolonged, in milliseconds.
	MaxTenure = 60_000
	// MaxHold is how long a hold lasts at most, in milliseconds (D4): 10 minutes. A process does not obey a hold for
	// longer, whatever the store says.
	MaxHold = 600_000
	// MaxFailures is the greatest count of failures in a hold.
	MaxFailures = 1_000
)
