package alfprom

import "github.com/prometheus/client_golang/prometheus"

// metric is one family. Its labels are name, and at most one more.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// all are those that a collector may write, in the order of this file.
var all []*metric

func define(kind prometheus.ValueType, name, help string, label ...string) *metric {
	m := &metric{prometheus.NewDesc("alf_"+name, help, append([]string{"name"}, label...), nil), kind}
	all = append(all, m)
	return m
}

func counter(name, help string, label ...string) *metric {
	return define(prometheus.CounterValue, name, help, label...)
}

func gauge(name, help string, label ...string) *metric {
	return define(prometheus.GaugeValue, name, help, label...)
}

// About tokens: of a client, or of a pool together.
var (
	fetches     = counter("token_requests_total", "Token requests that were started, by cause.", "cause")
	fetched     = counter("token_requests_ended_total", "Token requests that ended, by outcome.", "outcome")
	published   = counter("tokens_published_total", "Tokens that were put into use.")
	rejections  = counter("token_rejections_total", "Tokens that an API rejected and that led to a token request.")
	suppressed  = counter("token_rejections_suppressed_total", "Rejections that led to no token request.")
	waits       = define(prometheus.UntypedValue, "token_wait_seconds", "Time that callers waited for a token, by outcome. Callers that find a token do not wait.", "outcome")
	backoffs    = counter("token_backoffs_total", "Backoffs after token requests that failed.")
	lostEvents  = counter("events_dropped_total", "Events that the hook or the logger was too slow for.")
	hookPanics  = counter("hook_panics_total", "Panics of the hook or of the logger's handler.")
	tokenReady  = gauge("token_ready", "Whether a token is at hand that can be used (1) or not (0).")
	expiry      = gauge("token_expiry_timestamp_seconds", "When the token is no longer handed out. Absent without a token.")
	refreshTime = gauge("token_refresh_timestamp_seconds", "When the successor of the token is requested. Absent without a token.")
	nextAttempt = gauge("token_next_attempt_timestamp_seconds", "When the next token request may start after one that failed. Absent if the last one did not.")
	waiting     = gauge("token_waiting_callers", "Callers that wait for a token.")
	watchers    = gauge("token_watchers", "Loops that are notified of each new token.")
)

// About requests to APIs.
var (
	unauthorized = counter("api_unauthorized_total", "Responses of APIs that rejected the token.")
	retried      = counter("api_retries_total", "Requests that were sent again with the next token.")
	succeeded    = counter("api_retries_succeeded_total", "Requests that were sent again with the next token, and were accepted.")
	unreplayable = counter("api_unreplayable_total", "Rejected requests that were not sent again, because their body was not available again.")
	nonces       = counter("api_nonce_retries_total", "Requests that were sent again with another DPoP proof.")
	unsent       = counter("api_unsent_total", "Requests that were not sent, by reason.", "reason")
)

// About a store that processes share.
var (
	storeErrors  = counter("store_errors_total", "Operations that the store did not carry out, or not in time.")
	storeAdopted = counter("store_tokens_adopted_total", "Tokens that came from other processes.")
	storeOffered = counter("store_tokens_offered_total", "Tokens that were handed in because the store did not have them.")
	storeHeld    = counter("store_holds_total", "Token requests that were not made because of a failure that another process has met.")
	storeAlone   = counter("store_alone_total", "Token requests that were made without the store.")
)

// About a pool.
var (
	poolTokens    = gauge("pool_tokens", "Tokens in the pool, by state.", "state")
	poolCreated   = counter("pool_tokens_created_total", "Tokens that were added to the pool.")
	poolForgotten = counter("pool_tokens_forgotten_total", "Tokens that were removed from the pool because they were out of use.")
	poolEvicted   = counter("pool_tokens_evicted_total", "Tokens that made room for others in the pool.")
	poolRefused   = counter("pool_refused_total", "Callers that were refused because the pool was full.")
)

// About a token endpoint that clients share.
var (
	suspect         = gauge("endpoint_suspect", "Whether the token endpoint does not work, as far as is known (1), or does (0).")
	endpointClients = gauge("endpoint_clients", "Clients that use the token endpoint.")
	inFlight        = gauge("endpoint_in_flight", "Token requests that are in flight.")
	queued          = gauge("endpoint_waiting", "Token requests that wait for the limit, for the end of a hold or of a backoff.")
	suspected       = counter("endpoint_suspected_total", "Times that the token endpoint stopped working.")
	probes          = counter("endpoint_probes_total", "Token requests that were to show whether the token endpoint works again.")
	holds           = counter("endpoint_holds_total", "Times that the token endpoint asked a client id for a pause.")
)
