package draining

import "time"

// Effects is what is to be done, in the order of the fields.
type Effects struct {
	// Ready is what a readiness probe is to be told from now on.
	Ready bool
	// Refused: the reload is not to be carried out, because the end has begun.
	Refused bool
	// Drain: accept no connection any more, and ask those that are open to end after their requests: Connection: close
	// over HTTP/1.1, GOAWAY over HTTP/2. Idle ones are closed.
	Drain bool
	// CloseUpgraded: close the upgraded connections.
	CloseUpgraded bool
	// Abort: close all connections, whatever goes on there.
	Abort bool
	// Retire names generations that nothing uses any more: their pools may be closed, except those that another
	// generation has too.
	Retire []Generation
	// End: it is over.
	End bool
	// Deadline is when the next step has to be taken at the latest. Zero: there is no need.
	Deadline time.Time
}
