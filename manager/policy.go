package manager

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Policy is how a manager decides. The zero value of each field means the default given with it; everything that is not
// here is fixed, because turning it would break a promise.
type Policy struct {
	// Margin is how long before its expiry a token stops being handed out. Default: a tenth of its lifetime, 10 s at
	// most. A configured one is capped at half the lifetime.
	Margin time.Duration
	// RefreshFraction is the part of a token's usable life after which its successor is fetched, from 0.5 to 1. Default: 0.75.
	RefreshFraction float64
	// Jitter is how far RefreshFraction is spread to either side, so that many processes do not refresh at the same moment.
	// Default: 0.10. Negative: none.
	Jitter float64
	// DefaultLifetime is assumed of a token that comes without one. Default: 5 minutes.
	DefaultLifetime time.Duration
	// AttemptTimeout bounds one fetch. Default: 5 s.
	AttemptTimeout time.Duration
	// RoundTimeout bounds all attempts made for those who wait. Default: 10 s.
	RoundTimeout time.Duration
	// Attempts is how many fetches a round makes at most when they fail for a transient reason. Default: 3.
	Attempts int
	// MinBackoff and MaxBackoff are the first and the longest wait after failed fetches; each wait is double the one
	// before, and a random value from its upper half. Without a token in hand the longest is 10 s or MaxBackoff,
	// whichever is less. Defaults: 0.5 s and 60 s.
	MinBackoff, MaxBackoff time.Duration
	// MinPermanentBackoff and MaxPermanentBackoff are the same for failures that are permanent, such as invalid_client, without the
	// randomness. Defaults: 5 s and 60 s.
	MinPermanentBackoff, MaxPermanentBackoff time.Duration
}

// Validate reports every setting that makes no sense, by name.
func (p Policy) Validate() error {
	var problems []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Policy.Margin", p.Margin},
		{"Policy.DefaultLifetime", p.DefaultLifetime},
		{"Policy.AttemptTimeout", p.AttemptTimeout},
		{"Policy.RoundTimeout", p.RoundTimeout},
		{"Policy.MinBackoff", p.MinBackoff},
		{"Policy.MaxBackoff", p.MaxBackoff},
		{"Policy.MinPermanentBackoff", p.MinPermanentBackoff},
		{"Policy.MaxPermanentBackoff", p.MaxPermanentBackoff},
	} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s: %v is negative: leave it 0 for the default", d.name, d.value))
		}
	}
	if p.RefreshFraction != 0 && !(p.RefreshFraction >= 0.5 && p.RefreshFraction <= 1) {
		problems = append(problems, fmt.Errorf("Policy.RefreshFraction: %v is not from 0.5 to 1: correct it, or leave it 0 for the default", p.RefreshFraction))
	}
	if !(p.Jitter <= 0.5) {
		problems = append(problems, fmt.Errorf("Policy.Jitter: %v is more than 0.5: lower it, or leave it 0 for the default; negative is none", p.Jitter))
	}
	if p.Attempts < 0 || p.Attempts > 100 {
		problems = append(problems, fmt.Errorf("Policy.Attempts: %d is not from 1 to 100: correct it, or leave it 0 for the default", p.Attempts))
	}
	effective := p.core()
	if effective.MinBackoff > effective.MaxBackoff {
		problems = append(problems, fmt.Errorf("Policy.MinBackoff: %v is above MaxBackoff, %v: lower the one or raise the other", effective.MinBackoff, effective.MaxBackoff))
	}
	if effective.MinPermanentBackoff > effective.MaxPermanentBackoff {
		problems = append(problems, fmt.Errorf("Policy.MinPermanentBackoff: %v is above MaxPermanentBackoff, %v: lower the one or raise the other", effective.MinPermanentBackoff, effective.MaxPermanentBackoff))
	}
	return errors.Join(problems...)
}

// core fills in the defaults. The conversion compiles only while the two structs agree.
func (p Policy) core() core.Policy { return core.Policy(p).WithDefaults() }
