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

	all  []metric.Observable
	errs []error
}

// define makes one, by the method of a meter.
func define[T metric.Observable, O any](
	i *instruments, of func(string, ...O) (T, error), to *T, name, unit, description string,
) {
	var err error
	*to, err = of(name, any(metric.WithUnit(unit)).(O), any(metric.WithDescription(description)).(O))
	i.all, i.errs = append(i.all, *to), append(i.errs, err)
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	i := new(instruments)
	counter, size := meter.Int64ObservableCounter, meter.Int64ObservableUpDownCounter
	define(i, counter, &i.published, "alf.token.published", "{token}", "Tokens that were put into use.")
	define(i, counter, &i.rejections, "alf.token.rejections", "{rejection}", "Rejections of tokens by APIs, by what they led to.")
	define(i, counter, &i.waits, "alf.token.waits", "{wait}", "Waits of callers for a token, by outcome.")
	define(i, meter.Float64ObservableCounter, &i.waitTime, "alf.token.wait_time", "s",
		"Time that callers waited for a token together, by outcome.")
	define(i, meter.Int64ObservableGauge, &i.ready, "alf.token.ready", "1",
		"Whether a token is at hand that can be used (1) or not (0).")
	define(i, meter.Float64ObservableGauge, &i.remaining, "alf.token.remaining_lifetime", "s",
		"For how long the token will be handed out. Absent without a token.")
	define(i, size, &i.waiting, "alf.token.waiting_callers", "{caller}", "Callers that wait for a token.")
	define(i, size, &i.watchers, "alf.token.watchers", "{watcher}", "Loops that are notified of each new token.")

	define(i, counter, &i.unauthorized, "alf.request.unauthorized", "{response}", "Responses of APIs that rejected the token.")
	define(i, counter, &i.retried, "alf.request.retries", "{request}", "Requests that were sent again with the next token.")
	define(i, counter, &i.accepted, "alf.request.accepted_retries", "{request}",
		"Requests that were sent again with the next token, and were accepted.")
	define(i, counter, &i.unsent, "alf.request.unsent", "{request}", "Requests that were not sent, by reason.")

	define(i, size, &i.poolTokens, "alf.pool.tokens", "{token}", "Tokens in the pool, by state.")
	define(i, counter, &i.evicted, "alf.pool.evictions", "{token}", "Tokens that made room for others in the pool.")
	define(i, counter, &i.poolRefused, "alf.pool.refusals", "{caller}", "Callers that were refused because the pool was full.")

	define(i, meter.Int64ObservableGauge, &i.suspect, "alf.endpoint.suspect", "1",
		"Whether the token endpoint does not work, as far as is known (1), or does (0).")
	define(i, size, &i.inFlight, "alf.endpoint.active_requests", "{request}", "Token requests that are in flight.")
	define(i, size, &i.queued, "alf.endpoint.waiting_requests", "{request}",
		"Token requests that wait for the limit, a hold or a backoff.")
	define(i, counter, &i.probes, "alf.endpoint.probes", "{request}",
		"Token requests that were to show whether the endpoint works again.")

	define(i, counter, &i.storeErrors, "alf.store.errors", "{operation}",
		"Operations that the store did not carry out, or not in time.")
	define(i, counter, &i.adopted, "alf.store.adopted_tokens", "{token}", "Tokens that came from other processes.")
	define(i, counter, &i.offered, "alf.store.offered_tokens", "{token}",
		"Tokens that were handed in because the store did not have them.")
	define(i, counter, &i.storeHolds, "alf.store.holds", "{hold}",
		"Failures of other processes that kept this one from a token request.")
	define(i, counter, &i.alone, "alf.store.bypasses", "{request}", "Token requests that were made without the store.")
	define(i, counter, &i.eventsDropped, "alf.events.dropped", "{event}", "Events that the hook or the logger was too slow for.")
	return i, errors.Join(i.errs...)
}
