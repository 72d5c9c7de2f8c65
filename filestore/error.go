package filestore

import "fmt"

// Error says which file or directory cannot be used, why, and what to do about it.
type Error struct {
	// Path is the file or directory.
	Path string
	// Problem says what is wrong with it.
	Problem string
	// Remedy says what to do, in the imperative.
	Remedy string
	// Err is the error behind it, if there is one: that of the operating system, or of the context.
	Err error
}

// Error is "filestore: Path: Problem (Err): Remedy".
func (e *Error) Error() string {
	text := "filestore: " + e.Path + ": " + e.Problem
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text + ": " + e.Remedy
}

// Unwrap is Err.
func (e *Error) Unwrap() error { return e.Err }
