package alfotel

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// source writes what one thing counts.
type source func(o observer)

// observer writes under one name.
type observer struct {
	to metric.Observer
	*instruments
	name attribute.KeyValue
}

func (o observer) count(m metric.Int64Observable, n uint64, more ...attribute.KeyValue) {
	o.to.ObserveInt64(m, int64(min(n, 1<<62)), metric.WithAttributes(append(more, o.name)...)) // #nosec G115 -- bounded
}

func (o observer) flag(m metric.Int64Observable, on bool) {
	n := uint64(0)
	if on {
		n = 1
	}
	o.count(m, n)
}

func (o observer) size(m metric.Int64Observable, n int, more ...attribute.KeyValue) {
	o.count(m, uint64(max(n, 0)), more...) // #nosec G115 -- not negative
}

func (o observer) client(s alf.Stats) {
	o.tokens(&s.Stats)
	o.requests(&s)
	o.flag(o.ready, s.Ready)
	o.size(o.waiting, s.Waiting)
	o.size(o.watchers, s.Watchers)
	if !s.EffectiveExpiry.IsZero() {
		o.to.ObserveFloat64(o.remaining, max(time.Until(s.EffectiveExpiry), 0).Seconds(), metric.WithAttributes(o.name))
	}
}

func (o observer) pool(s alf.PoolStats) {
	o.tokens(&s.Stats)
	o.requests(&s.Requests)
	state := func(name string) attribute.KeyValue { return attribute.String("alf.pool.token.state", name) }
	o.size(o.poolTokens, s.Busy, state("busy"))
	o.size(o.poolTokens, s.Tokens-s.Busy, state("idle"))
	o.count(o.evicted, s.Evicted)
	o.count(o.poolRefused, s.PoolStats.Refused)
}

func (o observer) endpoint(s alf.TokenEndpointStats) {
	o.flag(o.suspect, s.Suspect)
	o.size(o.inFlight, s.InFlight)
	o.size(o.queued, s.Waiting)
	o.count(o.probes, s.Probes)
	o.count(o.eventsDropped, s.EventsDropped)
}

func (o observer) tokens(s *manager.Stats) {
	o.count(o.published, s.Published)
	led := func(to string) attribute.KeyValue { return attribute.String("alf.rejection.outcome", to) }
	o.count(o.rejections, s.Rejected, led("replaced"))
	o.count(o.rejections, s.Suppressed, led("suppressed"))
	for outcome, waited := range s.Waits {
		name := attribute.String("alf.wait.outcome", string(outcome))
		o.count(o.waits, waited.Count, name)
		o.to.ObserveFloat64(o.waitTime, waited.Sum.Seconds(), metric.WithAttributes(o.name, name))
	}
	o.count(o.eventsDropped, s.EventsDropped)
	if s.Sharing != nil {
		o.count(o.storeErrors, s.Sharing.Errors)
		o.count(o.adopted, s.Sharing.Adopted)
		o.count(o.offered, s.Sharing.Offered)
		o.count(o.storeHolds, s.Sharing.Held)
		o.count(o.alone, s.Sharing.Alone)
	}
}

func (o observer) requests(s *alf.Stats) {
	o.count(o.unauthorized, s.Unauthorized)
	o.count(o.retried, s.Retried)
	o.count(o.accepted, s.RetrySucceeded)
	reason := func(name string) attribute.KeyValue { return attribute.String("alf.unsent.reason", name) }
	o.count(o.unsent, s.Unsent, reason("no_token"))
	o.count(o.unsent, s.Refused, reason("not_allowed"))
}
