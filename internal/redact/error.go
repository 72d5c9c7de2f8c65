package redact

import "errors"

// maxErrorText is how much of an error's text is searched for secrets. A longer error is replaced.
const maxErrorText = 8 << 10

// Error returns err itself if neither its text nor that of anything it wraps has a secret in it, else an error with a
// redacted text, in which errors.Is finds what it finds in err, and errors.As nothing.
func (r *Redactor) Error(err error) error {
	if r.harmless(err) {
		return err
	}
	return &redactedError{
		text: r.Text(err.Error()),
		is:   func(target error) bool { return errors.Is(err, target) },
	}
}

func (r *Redactor) harmless(err error) bool {
	text := err.Error()
	if len(text) > maxErrorText {
		return false
	}
	if spans, ok := r.find(text, len(text)); !ok || len(spans) > 0 {
		return false
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		return inner == nil || r.harmless(inner)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil && !r.harmless(inner) {
				return false
			}
		}
	}
	return true
}

// redactedError takes the place of an error with a secret in it. It can be compared, but not taken apart.
type redactedError struct {
	text string
	is   func(target error) bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
