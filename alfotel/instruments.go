package alfotel

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// instruments are those that are read from Stats at each collection.
type instruments struct {
	published, rejections, waits, retried, accepted, unsent, unauthorized          metric.Int64ObservableCounter
	waitTime                                                                       metric.Float64ObservableCounter
	remaining                                                                      metric.Float64ObservableGauge
	waiting, watchers, poolTokens, inFlight, queued                                metric.Int64ObservableUpDownCounter
	suspect, ready                                                                 metric.Int64ObservableGauge
	evicted, poolRefused, storeErrors, adopted, offered, storeHolds, alone, probes metric.Int64ObservableCounter
	eventsDropped                                                                  metric.Int64ObservableCounter

	all []metric.Observable
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	var i instruments
	var problems []error
	note := func(o metric.Observable, err error) {
		i.all = append(i.all, o)
		problems = append(problems, err)
	}
	for _, c := range []struct {
		to                      *metric.Int64ObservableCounter
		name, unit, description string
	}{
		{&i.published, "alf.token.published", "{token}", "Tokens that were put into use."},
		{&i.rejections, "alf.token.rejections", "{rejection}", "Rejections of tokens by APIs, by what they led to."},
		{&i.waits, "alf.token.waits", "{wait}", "Waits of callers for a token, by outcome."},
		{&i.unauthorized, "alf.request.unauthorized", "{response}", "Responses of APIs that rejected the token."},
		{&i.retried, "alf.request.retries", "{request}", "Requests that were sent again with the next token."},
		{&i.accepted, "alf.request.accepted_retries", "{request}", "Requests that were sent again with the next token, and were accepted."},
		{&i.unsent, "alf.request.unsent", "{request}", "Requests that were not sent, by reason."},
		{&i.evicted, "alf.pool.evictions", "{token}", "Tokens that made room for others in the pool."},
		{&i.poolRefused, "alf.pool.refusals", "{caller}", "Callers that were refused because the pool was full."},
		{&i.probes, "alf.endpoint.probes", "{request}", "Token requests that were to show whether the endpoint works again."},
		{&i.storeErrors, "alf.store.errors", "{operation}", "Operations that the store did not carry out, or not in time."},
		{&i.adopted, "alf.store.adopted_tokens", "{token}", "Tokens that came from other processes."},
		{&i.offered, "alf.store.offered_tokens", "{token}", "Tokens that were handed in because the store did not have them."},
		{&i.storeHolds, "alf.store.holds", "{hold}", "Failures of other processes that kept this one from a token request."},
		{&i.alone, "alf.store.bypasses", "{request}", "Token requests that were made without the store."},
		{&i.eventsDropped, "alf.events.dropped", "{event}", "Events that the hook or the logger was too slow for."},
	} {
		var err error
		*c.to, err = meter.Int64ObservableCounter(c.name, metric.WithUnit(c.unit), metric.WithDescription(c.description))
		note(*c.to, err)
	}
	for _, c := range []struct {
		to                      *metric.Int64ObservableUpDownCounter
		name, unit, description string
	}{
		{&i.waiting, "alf.token.waiting_callers", "{caller}", "Callers that wait for a token."},
		{&i.watchers, "alf.token.watchers", "{watcher}", "Loops that are notified of each new token."},
		{&i.poolTokens, "alf.pool.tokens", "{token}", "Tokens in the pool, by state."},
		{&i.inFlight, "alf.endpoint.active_requests", "{request}", "Token requests that are in flight."},
		{&i.queued, "alf.endpoint.waiting_requests", "{request}", "Token requests that wait for the limit, a hold or a backoff."},
	} {
		var err error
		*c.to, err = meter.Int64ObservableUpDownCounter(c.name, metric.WithUnit(c.unit), metric.WithDescription(c.description))
		note(*c.to, err)
	}
	var err error
	i.suspect, err = meter.Int64ObservableGauge("alf.endpoint.suspect", metric.WithUnit("1"),
		metric.WithDescription("Whether the token endpoint does not work, as far as is known (1), or does (0)."))
	note(i.suspect, err)
	i.ready, err = meter.Int64ObservableGauge("alf.token.ready", metric.WithUnit("1"),
		metric.WithDescription("Whether a token is at hand that can be used (1) or not (0)."))
	note(i.ready, err)
	i.remaining, err = meter.Float64ObservableGauge("alf.token.remaining_lifetime", metric.WithUnit("s"),
		metric.WithDescription("For how long the token will be handed out. Absent without a token."))
	note(i.remaining, err)
	i.waitTime, err = meter.Float64ObservableCounter("alf.token.wait_time", metric.WithUnit("s"),
		metric.WithDescription("Time that callers waited for a token together, by outcome."))
	note(i.waitTime, err)
	return &i, errors.Join(problems...)
}
