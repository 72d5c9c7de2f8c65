package manager

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Policy is how a manager decides. The zero value of each field means the default given with it; everything that is not
// here is fixed, because changing it would break a promise. Durations of more than a year count as a year.
type Policy struct {
	// Margin is how long before its expiry a token stops being handed out: that time is its effective expiry. Default:
	// a tenth of its lifetime, 10 s at most. A configured one is capped at half the lifetime.
	Margin time.Duration
	// RefreshFraction sets a token's refresh time, at which its successor is fetched if the token is in use: it is the
	// part of the time from the start of the fetch to the effective expiry, from 0.5 to 1. Default: 0.75.
	RefreshFraction float64
	// Jitter is how far RefreshFraction is spread to either side, so that many processes do not refresh at the same
	// moment. Default: 0.10. Negative: none.
	Jitter float64
	// DefaultLifetime is assumed of a token that comes without one. Default: 5 minutes.
	DefaultLifetime time.Duration
	// AttemptTimeout bounds one fetch. It is 1 ms at least. Default: 5 s.
	AttemptTimeout time.Duration
	// RoundTimeout bounds a round: all attempts made for callers that wait. It is 1 ms at least. Default: 10 s.
	RoundTimeout time.Duration
	// Attempts is how many fetches a round makes at most when they fail for a transient reason. Default: 3.
	Attempts int
	// MinBackoff and MaxBackoff are the first and the longest wait after failed fetches; the bound of the wait doubles
	// with each failure, and the wait is drawn at random between half the bound and the bound. For callers without a
	// token the longest is 10 s or MaxBackoff, whichever is less. Defaults: 0.5 s and 60 s.
	MinBackoff, MaxBackoff time.Duration
	// MinPermanentBackoff and MaxPermanentBackoff are the same for failures that are permanent, such as invalid_client,
	// without the randomness. Defaults: 5 s and 60 s.
	MinPermanentBackoff, MaxPermanentBackoff time.Duration
	// UnlimitedRejections lifts the limits of rule M13 of PROMISES.md: every rejection of the current token causes a
	// fetch, at once, whatever came of the ones before. It is for tests that revoke tokens again and again in real
	// time, never for production: an API that always responds with a 401 then floods the token endpoint. Default:
	// false.
	UnlimitedRejections bool
}

// Validate reports every setting that makes no sense: the error contains one *[FieldError] for each.
func (p Policy) Validate() error {
	var problems []error
	bad := func(field, remedy, problem string, args ...any) {
		problems = append(problems, &FieldError{Field: "Policy." + field, Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
	}
	const defaulted = "leave it 0 for the default"
	for _, d := range []struct {
		name         string
		value, least time.Duration
	}{
		{"Margin", p.Margin, 0},
		{"DefaultLifetime", p.DefaultLifetime, 0},
		{"AttemptTimeout", p.AttemptTimeout, shortest},
		{"RoundTimeout", p.RoundTimeout, shortest},
		{"MinBackoff", p.MinBackoff, 0},
		{"MaxBackoff", p.MaxBackoff, shortest},
		{"MinPermanentBackoff", p.MinPermanentBackoff, 0},
		{"MaxPermanentBackoff", p.MaxPermanentBackoff, shortest},
	} {
		switch {
		case d.value < 0:
			bad(d.name, defaulted, "%v is negative", d.value)
		case d.value > 0 && d.value < d.least:
			bad(d.name, "raise it, or "+defaulted, "%v is less than %v", d.value, d.least)
		}
	}
	if p.RefreshFraction != 0 && !(p.RefreshFraction >= 0.5 && p.RefreshFraction <= 1) {
		bad("RefreshFraction", "correct it, or "+defaulted, "%v is not from 0.5 to 1", p.RefreshFraction)
	}
	if !(p.Jitter <= 0.5) {
		bad("Jitter", "lower it, or "+defaulted+"; negative is none", "%v is more than 0.5", p.Jitter)
	}
	if p.Attempts < 0 || p.Attempts > 100 {
		bad("Attempts", "correct it, or "+defaulted, "%d is not from 1 to 100", p.Attempts)
	}
	effective := p.core()
	if effective.MinBackoff > effective.MaxBackoff {
		bad("MinBackoff", "lower the one or raise the other", "%v is above MaxBackoff, %v", effective.MinBackoff, effective.MaxBackoff)
	}
	if effective.MinPermanentBackoff > effective.MaxPermanentBackoff {
		bad("MinPermanentBackoff", "lower the one or raise the other",
			"%v is above MaxPermanentBackoff, %v", effective.MinPermanentBackoff, effective.MaxPermanentBackoff)
	}
	return errors.Join(problems...)
}

// shortest is the least that a time-out or a longest backoff may be: a shorter time-out would cancel a fetch as it
// begins, and a shorter backoff would be none (M22).
const shortest = time.Millisecond

// core fills in the defaults. The conversion compiles only while the two structs agree.
func (p Policy) core() core.Policy { return core.Policy(p).WithDefaults() }
