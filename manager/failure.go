package manager

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// describe makes the error that callers see.
func (o *owner) describe(f core.Failure) *Error {
	e := &Error{Attempts: f.Attempts, Permanent: f.Permanent, NextAttempt: f.Next}
	switch f.Kind {
	case core.Returned:
		e.Err = o.lastErr
	case core.ExpiredOnArrival:
		e.Err = errExpiredOnArrival
	case core.Blocked:
		e.Err = abandonedError{}
	case core.TimedOut:
		e.Err = &timeoutError{o.core.Policy().RoundTimeout}
		if f.Attempts > 1 && o.lastErr != nil {
			e.Err = fmt.Errorf("%w; the attempt before: %w", e.Err, o.lastErr)
		}
	case core.GaveUp:
		e.Err = &timeoutError{o.core.Policy().AttemptTimeout}
	}
	if f.Kind != core.Blocked {
		o.lastErr = e.Err
	}
	return e
}

func (o *owner) whyCancelled(msg message) error {
	if _, ok := msg.(closing); ok {
		return ErrClosed
	}
	return &timeoutError{o.core.Policy().AttemptTimeout}
}

var errExpiredOnArrival = errors.New("the token was expired on arrival: it expires sooner than it can be used")

// timeoutError is why a fetch was cancelled. It is no context error, which a caller would mistake for that of its own
// context.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("the token endpoint did not respond within %v", e.after)
}

// Timeout marks it as a time-out, as net.Error does.
func (e *timeoutError) Timeout() bool { return true }
