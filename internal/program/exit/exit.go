// Package exit has the program's exit codes, and the errors that carry one.
package exit

import (
	"errors"
	"fmt"
	"time"
)

// The exit codes.
const (
	OK          = 0
	Broken      = 1 // the demonstration or the simulator broke a promise, or the output could not be written
	Usage       = 2 // wrong use or configuration
	Denied      = 3 // by the token endpoint
	Unreachable = 4 // the token endpoint or the API
	API         = 5 // the API responded 4xx or 5xx
	Interrupted = 130
)

// Failure is an error with its exit code.
type Failure struct {
	Code int
	Err  error
}

// Error is the text of Err.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a Failure as fmt.Errorf makes an error.
func Failf(code int, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

// Usagef is Failf for wrong use or configuration.
func Usagef(format string, args ...any) error { return Failf(Usage, format, args...) }

// Problems gathers what is wrong, so that all of it is reported at once.
type Problems []error

// Note adds an error, if there is one.
func (p *Problems) Note(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// Err is nil if nothing is wrong, else a Failure of code Usage.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return &Failure{Usage, errors.Join(p...)}
}

// TimedOut is the cause of a context that the setting "timeout" ended.
type TimedOut time.Duration

// Error names the setting.
func (t TimedOut) Error() string {
	return fmt.Sprintf("no response within %v: allow more by --timeout", time.Duration(t))
}
