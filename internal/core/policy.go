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
}

// What no setting turns.
const (
	maxLifetime       = 365 * 24 * time.Hour
	maxMargin         = 10 * time.Second
	marginPart        = 10          // of the lifetime
	restart           = time.Second // M5, M6, M13: between the starts of fetches that must not become a loop
	retryWait         = 100 * time.Millisecond
	maxRoundBackoff   = 10 * time.Second
	maxRetryAfter     = 10 * time.Minute
	giveUp            = 5 * time.Second // from a fetch's cancellation to its abandonment
	maxAbandoned      = 3
	guardMemory       = time.Minute
	maxGuard          = time.Minute
	maxRejecters      = 64
	refreshesPerFetch = 2 // due is so many times a fetch's duration before the usable end
)

// WithDefaults replaces zero values.
func (p Policy) WithDefaults() Policy {
	duration := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if p.RefreshFraction == 0 {
		p.RefreshFraction = 0.75
	}
	if p.Jitter == 0 {
		p.Jitter = 0.10
	}
	p.Jitter = max(p.Jitter, 0)
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
