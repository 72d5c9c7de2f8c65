package manager

import "errors"

// credentialsChanged is what an error of a fetch may have: it reports whether the client credentials are other ones
// than those that were refused. It is cheap; see [Fetcher].
type credentialsChanged interface {
	error
	CredentialsChanged() bool
}

// credentialsOf is what in the error of a fetch can say that the credentials have changed; nil if nothing can.
func credentialsOf(err error) credentialsChanged {
	watched, _ := errors.AsType[credentialsChanged](err)
	return watched
}

// checkCredentials asks the last error, on a goroutine of its own: it reads files, and a file system may hang. There is
// never more than one, because the core waits for its report.
func (e *entry) checkCredentials() {
	err := e.lastErr
	go func() {
		report := credentialsChecked{}
		// Deferred, so that a method which panics or calls runtime.Goexit is reported as well.
		defer func() {
			_ = recover()
			e.send(report)
		}()
		if watched := credentialsOf(err); watched != nil {
			report.changed = watched.CredentialsChanged()
		}
	}()
}
