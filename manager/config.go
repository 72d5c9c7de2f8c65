package manager

import (
	"errors"
	"log/slog"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/fielderror"
)

// Config is what a [Manager] is made from. Only Fetcher is required.
type Config struct {
	// Fetcher obtains the tokens.
	Fetcher Fetcher
	// Endpoint is what this manager shares with others whose tokens come from the same token endpoint. Nil: nothing.
	Endpoint *Endpoint
	// ClientID is the client id that Fetcher uses, for Endpoint: the managers of one client id share what the endpoint
	// makes of it. It has no effect without Endpoint.
	ClientID string
	// Sharing is how the token is shared with other processes. Nil: it is not.
	Sharing *Sharing
	// Policy is how the manager decides; its zero value is the default.
	Policy Policy
	// Clock is where all time comes from. Default: the real clock. With a clock.Mock nothing happens until it moves,
	// and that includes the waits between the attempts of a round: see [Policy].Attempts.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter; a number outside this range is replaced by the nearest in it, NaN by
	// 0. It is called by one goroutine at a time. Default: math/rand/v2.
	Rand func() float64
	// Hook is called with every [Event], in order, on a goroutine that lives only while there are any. It may be slow
	// and may use this manager: up to 1,024 events queue behind it, and those that overflow are counted in
	// Stats.EventsDropped. A panic is recovered, counted in Stats.HookPanics and logged, to slog.Default if there is no
	// Logger.
	Hook func(Event)
	// Logger receives every event as well, after Hook and from the same queue. Default: none. The levels:
	//
	//	Debug  fetch started, token withdrawn, idle, closed, late result dropped
	//	Info   fetch ended with a token, token published, token rejected, backoff lifted, token offered
	//	Warn   fetch ended with an error, fetch abandoned, backing off, rejection suppressed, origin guarded,
	//	       one active token, store failed, failure shared
	//	Error  hook panicked
	Logger *slog.Logger
}

// FieldError is a setting that makes no sense: its Field, such as "Policy.Margin", the Problem and a Remedy.
type FieldError = fielderror.Error

// Validate reports everything that [New] would refuse: the error contains one *[FieldError] for each setting.
func (c Config) Validate() error {
	var problems []error
	if c.Fetcher == nil {
		problems = append(problems, &FieldError{
			Field: "Fetcher", Problem: "missing", Remedy: "set what obtains the tokens, such as a *fetcher.Fetcher",
		})
	} else if f, ok := c.Fetcher.(FetcherFunc); ok && f == nil {
		problems = append(problems, &FieldError{
			Field: "Fetcher", Problem: "made of nil", Remedy: "give FetcherFunc or FromTokenSource something that obtains the tokens",
		})
	}
	if c.Sharing != nil {
		for _, e := range fielderror.All(c.Sharing.Validate()) {
			problems = append(problems, &FieldError{Field: "Sharing." + e.Field, Problem: e.Problem, Remedy: e.Remedy})
		}
	}
	return errors.Join(append(problems, c.Policy.Validate())...)
}
