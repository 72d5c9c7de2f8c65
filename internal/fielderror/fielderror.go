// Package fielderror has the one type of error for a setting that makes no sense. The public packages export it as
// FieldError.
package fielderror

import "errors"

// Error says which field of a configuration makes no sense, why, and what to do about it. It holds no value that may be
// secret. A program that has names of its own for the fields builds its message from the parts.
type Error struct {
	// Field is the path of the field from the configuration down, such as "TokenURL" or "Policy.Margin".
	Field string
	// Problem says what is wrong, without the field's name and without naming other fields if that can be avoided.
	Problem string
	// Remedy says what to do, in the imperative.
	Remedy string
}

// Error is "Field: Problem: Remedy".
func (e *Error) Error() string {
	text := e.Field + ": " + e.Problem
	if e.Remedy != "" {
		text += ": " + e.Remedy
	}
	return text
}

// All returns the field errors in err, which may be joined and wrapped, in order. Other errors in it are left out.
func All(err error) []*Error {
	var found []*Error
	walk(err, func(e *Error) { found = append(found, e) })
	return found
}

func walk(err error, visit func(*Error)) {
	if e, ok := err.(*Error); ok {
		visit(e)
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range joined.Unwrap() {
			walk(part, visit)
		}
		return
	}
	if inner := errors.Unwrap(err); inner != nil {
		walk(inner, visit)
	}
}
