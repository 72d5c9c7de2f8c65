package manager

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// describe makes the error that callers see.
func (e *entry) describe(f core.Failure, msg message) *Error {
	described := &Error{Attempts: f.Attempts, Permanent: f.Permanent, NextAttempt: f.Next}
	switch f.Kind {
	case core.Returned:
		described.Err = e.lastErr
	case core.ExpiredOnArrival:
		described.Err = errExpiredOnArrival
	case core.Blocked:
		described.Err = abandonedError{}
	case core.TimedOut:
		described.Err = &timeoutError{e.core.Policy().RoundTimeout}
		if f.Attempts > 1 && e.lastErr != nil {
			described.Err = fmt.Errorf("%w; the attempt before: %w", described.Err, e.lastErr)
		}
	case core.Refused:
		described.Err = whyHeld(msg)
	case core.GaveUp:
		described.Err = &timeoutError{e.core.Policy().AttemptTimeout}
	}
	if f.Kind != core.Blocked {
		e.lastErr = described.Err
	}
	return described
}

func (e *entry) whyCancelled(msg message) error {
	switch msg.(type) {
	case closing, retire:
		return ErrClosed
	case offered:
		return errSuperseded
	}
	return &timeoutError{e.core.Policy().AttemptTimeout}
}

// errSuperseded is why a fetch is cancelled when another process's token arrives. It proves nothing about the endpoint.
const errSuperseded = misbehavior("another process's token arrived meanwhile")

var errExpiredOnArrival = errors.New("the token was expired on arrival: it expires sooner than it can be used")

// timeoutError is why a fetch was cancelled. It is no context error, which a caller would mistake for that of its own
// context.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("the token endpoint did not respond within %v", e.after)
}

// Timeout marks it as a time-out, as net.Error does.
func (e *timeoutError) Timeout() bool { return true }
