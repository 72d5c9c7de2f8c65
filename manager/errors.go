package manager

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is what every call returns once [Manager.Close] was called, those that already wait included.
var ErrClosed = errors.New("alf: the token manager is closed")

// ErrSuppressed is what errors.Is finds in a [SuppressedError].
var ErrSuppressed = errors.New("alf: rejection suppressed")

// ErrAbandoned is what errors.Is finds in an [Error] when no fetch is started because three earlier ones are abandoned:
// they did not return within 5 s of their cancellation, and still have not.
var ErrAbandoned = errors.New("alf: too many abandoned fetches")

// abandonedError is what stands in an [Error] then, whose text begins with "alf:" itself.
type abandonedError struct{}

func (abandonedError) Error() string {
	return "too many abandoned fetches have not returned; none is started until one does"
}

func (abandonedError) Is(target error) bool { return target == ErrAbandoned }

// Error says that no token is available. All callers that waited for the same round of attempts get the same *Error,
// and so does a caller that asks before NextAttempt.
type Error struct {
	// Err is the last attempt's error. errors.As finds an *oauth2.RetrieveError in it if the endpoint responded.
	Err error
	// Attempts is how many fetches the round made.
	Attempts int
	// Permanent says that another attempt would fail in the same way until an operator repairs something.
	Permanent bool
	// NextAttempt is when a caller may cause the next fetch, on the wall clock. Zero with [ErrAbandoned]: then an
	// abandoned fetch has to return first.
	NextAttempt time.Time
}

// Error says why there is no token and when the next attempt is allowed.
func (e *Error) Error() string {
	if e.NextAttempt.IsZero() {
		return fmt.Sprintf("alf: no token: %v", e.Err)
	}
	return fmt.Sprintf("alf: no token: %v (next attempt at %s)", e.Err, e.NextAttempt.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// Temporary reports whether the failure may pass by itself: it is not Permanent. Libraries that send again, such as the
// exporters of OpenTelemetry, ask for it, and net/http's *url.Error passes it on. With Timeout it makes an Error a
// net.Error.
func (e *Error) Temporary() bool { return !e.Permanent }

// Timeout reports whether the last attempt failed because it took too long: Err, or an error in it, says so.
func (e *Error) Timeout() bool { return timedOut(e.Err) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// SuppressedError says that a rejection was not acted on: the token stays in use, because a fetch for this rejection
// may not start yet. In most cases the same origin rejected earlier tokens as well, or the endpoint is failing.
// errors.Is finds [ErrSuppressed] in it.
type SuppressedError struct {
	// Until is when the same rejection may cause a fetch, on the wall clock. Zero if no time is known: three abandoned
	// fetches have not returned ([ErrAbandoned]), or 64 origins contest the token already.
	Until time.Time
}

// Error says until when.
func (e *SuppressedError) Error() string {
	if e.Until.IsZero() {
		return "alf: the rejected token stays: no fetch may start now"
	}
	return "alf: the rejected token stays until " + e.Until.UTC().Format("2006-01-02T15:04:05.000Z")
}

// Is reports whether target is [ErrSuppressed].
func (e *SuppressedError) Is(target error) bool { return target == ErrSuppressed }

// ErrTooShort is what [Manager.TokenValidFor] returns if even a fresh token does not live as long as the caller wants.
var ErrTooShort = errors.New("alf: the endpoint's tokens do not live that long")

var errTooShort = fmt.Errorf("%w: ask for less than their effective lifetime (see Stats.EffectiveExpiry)", ErrTooShort)
