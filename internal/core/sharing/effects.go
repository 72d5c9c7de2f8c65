package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// Effects is what one step decided.
type Effects struct {
	// Do: send Command to the store, and report what comes of it under the number Op. What needs a key is left out: the
	// Sealed part of a Publish, and the Note of a Hold.
	Do      bool
	Op      uint64
	Command store.Command
	// Start: let the fetch that waits start. Alone says that the store does not know of it.
	Start, Alone bool
	// Refuse: callers are not to wait, because of Hold, which lasts For.
	Refuse bool
	For    time.Duration
	Hold   store.HoldState
	// Suppress: the rejection for which the fetch is wanted leads to none, for the time For (M13).
	Suppress bool
	// Adopt: offer the token's core the token of the record at hand. It expires Left from now, and its version is
	// Version.
	Adopt   bool
	Left    time.Duration
	Version store.Version
	// Wake the core at that time; not at all unless Armed.
	Wake  Elapsed
	Armed bool
	// StoreFailed: the store did not work. Offered: it took a token that it did not have. HoldSet: a failure of this
	// process binds all, for the time For.
	StoreFailed, Offered, HoldSet bool
}
