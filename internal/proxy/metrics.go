package proxy

import (
	"net/http"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// serveMetrics writes all metrics. What is about tokens has the names and meanings of module alfprom, whose alert rules
// fit; what is about the proxy begins with alf_proxy_. There is a sample for each route, token and client of the
// configuration, and none for what callers send.
func (p *Proxy) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	var e exposition
	s, giveBack := p.borrow()
	defer giveBack()
	p.exposeProxy(&e, s)
	exposeProcess(&e)
	s.exposeRoutes(&e)
	s.exposeClients(&e)
	s.exposeTokens(&e)
	w.Header().Set("Content-Type", expositionType)
	_, _ = w.Write(e.text)
}

func (p *Proxy) exposeProxy(e *exposition, s *state) {
	e.gauge("alf_proxy_ready", "Whether /readyz reports that the proxy is ready (1) or not (0).", flag(p.ready.Load()))
	e.gauge("alf_proxy_draining", "Whether the proxy is ending (1) or not (0).", flag(p.draining.Load()))
	e.at("alf_proxy_start_time_seconds", "When the proxy was started.", p.started)
	e.gauge("alf_proxy_inflight", "Requests and upgraded connections that have begun and not ended.", float64(p.inFlight()))
	e.gauge("alf_proxy_upgraded", "Connections that have become websockets.", float64(p.upgraded.Load()))
	e.gauge("alf_proxy_configurations", "Configurations that requests still use: more than one after a reload, until the last request on the former one has ended.", float64(p.configurations()))
	for i, reason := range refusalReasons {
		e.count("alf_proxy_refused_total", "Requests that were not admitted, by reason.", p.refused[i].Load(), label{"reason", reason})
	}
	p.mu.Lock()
	done := p.reloads
	p.mu.Unlock()
	e.count("alf_proxy_reloads_total", "Reloads of the configuration, by outcome.", done.succeeded, label{"outcome", "succeeded"})
	e.count("alf_proxy_reloads_total", "", done.failed, label{"outcome", "failed"})
	e.gauge("alf_proxy_last_reload_succeeded", "Whether the last reload succeeded (1), as does the start, or the former configuration is in use (0).", flag(done.err == nil))
	if s.access != nil {
		e.count("alf_proxy_access_log_dropped_total", "Lines of the access log that were dropped because its writer was too slow.", s.access.dropped.Load())
	}
}

func (s *state) exposeRoutes(e *exposition) {
	for i := range s.routes {
		r := &s.routes[i]
		for j, class := range statusClasses {
			e.count("alf_proxy_requests_total", "Requests of the route that have ended, by the class of the status; none if there was no response.", r.counters.classes[j].Load(), label{"route", r.Name}, label{"code_class", class})
		}
	}
	for i := range s.routes {
		r := &s.routes[i]
		for j, reason := range failureReasons {
			e.count("alf_proxy_failed_total", "Responses of the proxy itself to admitted requests, by reason.", r.counters.failures[j].Load(), label{"route", r.Name}, label{"reason", reason})
		}
	}
	for i := range s.routes {
		r := &s.routes[i]
		counts := make([]uint64, len(r.counters.buckets))
		for j := range counts {
			counts[j] = r.counters.buckets[j].Load()
		}
		e.histogram("alf_proxy_request_seconds", "Time from the head of a request to the end of its response, without upgraded connections.", bounds[:], counts, time.Duration(r.counters.sum.Load()), label{"route", r.Name})
	}
}

// clientStats are those of the clients, each pool once.
type clientStats struct {
	name  string
	stats alf.PoolStats
}

func (s *state) clientStats() (all []clientStats) {
	seen := make(map[*pool]bool)
	for i := range s.cfg.Clients {
		c := &s.cfg.Clients[i]
		if of := s.pools[c.Key]; !seen[of] {
			seen[of] = true
			all = append(all, clientStats{c.label(), of.Stats()})
		}
	}
	return all
}

// perClient are counters of a client's tokens together, under the names of module alfprom.
var perClient = []struct {
	name, help string
	samples    []func(*alf.PoolStats) (label, uint64)
}{
	{"alf_token_requests_total", "Token requests that were started, by cause.", byCause()},
	{"alf_token_requests_ended_total", "Token requests that ended, by outcome.", []func(*alf.PoolStats) (label, uint64){
		func(s *alf.PoolStats) (label, uint64) { return label{"outcome", "succeeded"}, s.Succeeded },
		func(s *alf.PoolStats) (label, uint64) { return label{"outcome", "failed"}, s.Failed - s.Permanent },
		func(s *alf.PoolStats) (label, uint64) { return label{"outcome", "denied"}, s.Permanent },
		func(s *alf.PoolStats) (label, uint64) {
			return label{"outcome", "expired on arrival"}, s.ExpiredOnArrival
		},
		func(s *alf.PoolStats) (label, uint64) { return label{"outcome", "stale"}, s.Stale },
		func(s *alf.PoolStats) (label, uint64) { return label{"outcome", "abandoned"}, s.Abandoned },
	}},
	{"alf_tokens_published_total", "Tokens that were put into use.", one(func(s *alf.PoolStats) uint64 { return s.Published })},
	{"alf_token_rejections_total", "Tokens that an API rejected and that led to a token request.", one(func(s *alf.PoolStats) uint64 { return s.Rejected })},
	{"alf_token_rejections_suppressed_total", "Rejections that led to no token request.", one(func(s *alf.PoolStats) uint64 { return s.Suppressed })},
	{"alf_token_backoffs_total", "Backoffs after token requests that failed.", one(func(s *alf.PoolStats) uint64 { return s.BackedOff })},
	{"alf_events_dropped_total", "Events that the hook or the logger was too slow for.", one(func(s *alf.PoolStats) uint64 { return s.EventsDropped })},
	{"alf_api_unauthorized_total", "Responses of APIs that rejected the token.", one(func(s *alf.PoolStats) uint64 { return s.Requests.Unauthorized })},
	{"alf_api_retries_total", "Requests that were sent again with the next token.", one(func(s *alf.PoolStats) uint64 { return s.Requests.Retried })},
	{"alf_api_retries_succeeded_total", "Requests that were sent again with the next token, and were accepted.", one(func(s *alf.PoolStats) uint64 { return s.Requests.RetrySucceeded })},
	{"alf_api_unreplayable_total", "Rejected requests that were not sent again, because their body was not available again.", one(func(s *alf.PoolStats) uint64 { return s.Requests.Unreplayable })},
	{"alf_api_nonce_retries_total", "Requests that were sent again with another DPoP proof.", one(func(s *alf.PoolStats) uint64 { return s.Requests.NonceRetries })},
	{"alf_api_unsent_total", "Requests that were not sent, by reason.", []func(*alf.PoolStats) (label, uint64){
		func(s *alf.PoolStats) (label, uint64) { return label{"reason", "no token"}, s.Requests.Unsent },
		func(s *alf.PoolStats) (label, uint64) { return label{"reason", "not allowed"}, s.Requests.Refused },
	}},
	{"alf_store_errors_total", "Operations that the store did not carry out, or not in time.", shared(func(s *manager.SharingStats) uint64 { return s.Errors })},
	{"alf_store_tokens_adopted_total", "Tokens that came from other processes.", shared(func(s *manager.SharingStats) uint64 { return s.Adopted })},
	{"alf_store_tokens_offered_total", "Tokens that were handed in because the store did not have them.", shared(func(s *manager.SharingStats) uint64 { return s.Offered })},
	{"alf_store_holds_total", "Token requests that were not made because of a failure that another process has met.", shared(func(s *manager.SharingStats) uint64 { return s.Held })},
	{"alf_store_alone_total", "Token requests that were made without the store.", shared(func(s *manager.SharingStats) uint64 { return s.Alone })},
}

func one(f func(*alf.PoolStats) uint64) []func(*alf.PoolStats) (label, uint64) {
	return []func(*alf.PoolStats) (label, uint64){func(s *alf.PoolStats) (label, uint64) { return label{}, f(s) }}
}

// shared are samples only of clients whose tokens are shared.
func shared(f func(*manager.SharingStats) uint64) []func(*alf.PoolStats) (label, uint64) {
	return []func(*alf.PoolStats) (label, uint64){func(s *alf.PoolStats) (label, uint64) {
		if s.Sharing == nil {
			return absent, 0
		}
		return label{}, f(s.Sharing)
	}}
}

// absent is the label of a sample that there is none of.
var absent = label{name: "absent"}

func byCause() (all []func(*alf.PoolStats) (label, uint64)) {
	for _, cause := range []manager.Cause{
		manager.CauseCold, manager.CauseRefresh, manager.CauseExpired, manager.CauseRejected, manager.CauseManual, manager.CauseRetry,
	} {
		all = append(all, func(s *alf.PoolStats) (label, uint64) { return label{"cause", string(cause)}, s.FetchesBy[cause] })
	}
	return all
}

var waitOutcomes = []manager.WaitOutcome{
	manager.WaitServed, manager.WaitFailed, manager.WaitSuppressed, manager.WaitCanceled, manager.WaitClosed,
}

func (s *state) exposeClients(e *exposition) {
	all := s.clientStats()
	for _, m := range perClient {
		for i := range all {
			for _, sample := range m.samples {
				extra, n := sample(&all[i].stats)
				switch extra {
				case absent:
				case label{}:
					e.count(m.name, m.help, n, label{"name", all[i].name})
				default:
					e.count(m.name, m.help, n, label{"name", all[i].name}, extra)
				}
			}
		}
	}
	for i := range all {
		e.family("alf_token_wait_seconds", summary, "Time that callers waited for a token, by outcome. Callers that find a token do not wait.")
		for _, outcome := range waitOutcomes {
			waited := all[i].stats.Waits[outcome]
			labels := []label{{"name", all[i].name}, {"outcome", string(outcome)}}
			e.sample("_sum", waited.Sum.Seconds(), labels...)
			e.sample("_count", float64(waited.Count), labels...)
		}
	}
}

// perToken are gauges of single tokens.
func (s *state) exposeTokens(e *exposition) {
	stats := make([]alf.Stats, len(s.tokens))
	for i := range s.tokens {
		stats[i] = s.tokens[i].handle.Stats()
	}
	each := func(write func(*alf.Stats, label)) {
		for i := range stats {
			write(&stats[i], label{"name", s.tokens[i].name})
		}
	}
	each(func(s *alf.Stats, name label) {
		e.gauge("alf_token_ready", "Whether a token is at hand that can be used (1) or not (0).", flag(s.Ready), name)
	})
	each(func(s *alf.Stats, name label) {
		e.at("alf_token_expiry_timestamp_seconds", "When the token is no longer handed out. Absent without a token.", s.EffectiveExpiry, name)
	})
	each(func(s *alf.Stats, name label) {
		e.at("alf_token_refresh_timestamp_seconds", "When the successor of the token is requested. Absent without a token.", s.RefreshTime, name)
	})
	each(func(s *alf.Stats, name label) {
		e.at("alf_token_next_attempt_timestamp_seconds", "When the next token request may start after one that failed. Absent if the last one did not.", s.NextAttempt, name)
	})
	each(func(s *alf.Stats, name label) {
		e.gauge("alf_token_waiting_callers", "Callers that wait for a token.", float64(s.Waiting), name)
	})
}

// inFlight counts the requests that use any state. It may be off by one for a moment.
func (p *Proxy) inFlight() (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.states {
		n += s.serving.Load()
	}
	return n - p.borrowed.Load()
}

func (p *Proxy) configurations() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.states)
}
