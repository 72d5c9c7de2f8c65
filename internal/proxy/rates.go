package proxy

import (
	"context"
	"sync"
	"time"
)

// rates are how many requests a second the routes had in the last minute, for the status page.
type rates struct {
	mu      sync.Mutex
	samples []sample // the oldest first
}

// sample is the totals at one time, by route.
type sample struct {
	at     time.Time
	totals map[string]uint64
}

const (
	sampleTime = 5 * time.Second
	maxSamples = 13 // a minute
)

// measure takes samples, until ctx ends, while there is a page to show them on.
func (p *Proxy) measure(ctx context.Context) {
	tick := time.NewTicker(sampleTime)
	defer tick.Stop()
	for {
		if s := p.current.Load(); s.cfg.Admin != "" {
			p.rates.add(sample{time.Now(), s.totals()})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *state) totals() map[string]uint64 {
	totals := make(map[string]uint64, len(s.routes))
	for i := range s.routes {
		totals[s.routes[i].Name] = s.routes[i].counters.total()
	}
	return totals
}

func (r *rates) add(s sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.samples) == maxSamples {
		r.samples = append(r.samples[:0], r.samples[1:]...)
	}
	r.samples = append(r.samples, s)
}

// of is the rate of a route since the oldest sample that has it.
func (r *rates) of(route string, total uint64, now time.Time) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.samples {
		before, known := s.totals[route]
		if passed := now.Sub(s.at).Seconds(); known && before <= total && passed >= 1 {
			return float64(total-before) / passed
		}
	}
	return 0
}
