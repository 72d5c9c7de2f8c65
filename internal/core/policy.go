package core

import "time"

// Policy is documented where users meet it, in package manager, whose Policy converts to this one.
type Policy struct {
	Margin                                   time.Duration
	RefreshFraction                          float64
	Jitter                                   float64
	DefaultLifetime                          time.Duration
	AttemptTimeout                           time.Duration
	RoundTimeout                             time.Duration
	Attempts                                 int
	MinBackoff, MaxBackoff                   time.Duration
	MinPermanentBackoff, MaxPermanentBackoff time.Duration
	UnlimitedRejections                      bool
}

// What no setting changes.
const (
	// longest is the longest of all durations: what lasts a year is as good as one that lasts longer, and no sum of a
	// few of them overflows (M7, M22).
	longest = 365 * 24 * time.Hour
	// maxLifetime is how long a token is believed to live (M7).
	maxLifetime = longest
	// maxMargin and marginPart: a margin is a tenth of the lifetime, and 10 s at most (M2).
	maxMargin  = 10 * time.Second
	marginPart = 10
	// refreshesPerFetch is how many times a fetch's duration the refresh time lies before the effective expiry (M4).
	refreshesPerFetch = 2
	// restart lies between the starts of fetches that must not become a loop (M5, M6, M13).
	restart = time.Second
	// retryWait is the first wait between the attempts of a round (M9).
	retryWait = 100 * time.Millisecond
	// maxRoundBackoff and maxRetryAfter bound the backoff after a failed round, and what an endpoint may ask for (M9).
	maxRoundBackoff = 10 * time.Second
	maxRetryAfter   = 10 * time.Minute
	// recheckEvery lies between two looks at credentials that were refused (F4).
	recheckEvery = 2 * time.Second
	// giveUp is how long after its cancellation a fetch is abandoned, and maxAbandoned how many may be (M15).
	giveUp       = 5 * time.Second
	maxAbandoned = 3
)

// WithDefaults replaces zero values, and bounds the others (M22).
func (p Policy) WithDefaults() Policy {
	duration := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
		*d = min(*d, longest)
	}
	if p.RefreshFraction == 0 {
		p.RefreshFraction = 0.75
	}
	if p.Jitter == 0 {
		p.Jitter = 0.10
	}
	p.Jitter = max(p.Jitter, 0)
	duration(&p.Margin, 0)
	duration(&p.DefaultLifetime, 5*time.Minute)
	duration(&p.AttemptTimeout, 5*time.Second)
	duration(&p.RoundTimeout, 10*time.Second)
	if p.Attempts == 0 {
		p.Attempts = 3
	}
	duration(&p.MinBackoff, 500*time.Millisecond)
	duration(&p.MaxBackoff, time.Minute)
	duration(&p.MinPermanentBackoff, 5*time.Second)
	duration(&p.MaxPermanentBackoff, time.Minute)
	return p
}
