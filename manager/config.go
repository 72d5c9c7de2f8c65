package manager

import (
	"errors"
	"log/slog"

	"github.com/benbjohnson/clock"
)

// Config is what a [Manager] is made from. Only Fetcher is required.
type Config struct {
	// Fetcher obtains the tokens.
	Fetcher Fetcher
	// Policy is how the manager decides; its zero value is the default.
	Policy Policy
	// Clock is where all time comes from. Default: the real clock. With a clock.Mock nothing happens until it moves.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter. It is called by one goroutine at a time. Default: math/rand/v2.
	Rand func() float64
	// Hook is called with every [Event], in order, on a goroutine that lives only while there are any. It may be slow and
	// may use this manager; up to 1,024 events queue behind it, and what overflows is counted in [Stats].
	Hook func(Event)
	// Logger receives every event as well. Default: none.
	Logger *slog.Logger
}

// Validate reports everything that [New] would refuse, by name.
func (c Config) Validate() error {
	var problems []error
	if c.Fetcher == nil {
		problems = append(problems, errors.New("field Fetcher is nil: set what obtains the tokens, such as a *fetcher.Fetcher"))
	}
	return errors.Join(append(problems, c.Policy.Validate())...)
}
