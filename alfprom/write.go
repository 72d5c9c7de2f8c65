package alfprom

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// writer writes the metrics of one name.
type writer struct {
	to   chan<- prometheus.Metric
	name string
}

func (w writer) write(m *metric, value float64, label ...string) {
	w.to <- prometheus.MustNewConstMetric(m.desc, m.kind, value, append([]string{w.name}, label...)...)
}

func (w writer) count(m *metric, n uint64, label ...string) { w.write(m, float64(n), label...) }

func (w writer) flag(m *metric, on bool) {
	value := 0.0
	if on {
		value = 1
	}
	w.write(m, value)
}

// at writes a time, unless there is none.
func (w writer) at(m *metric, t time.Time) {
	if !t.IsZero() {
		w.write(m, float64(t.UnixMilli())/1e3)
	}
}

func (w writer) client(s alf.Stats) {
	w.tokens(&s.Stats)
	w.flag(tokenReady, s.Ready)
	w.at(expiry, s.EffectiveExpiry)
	w.at(refreshTime, s.RefreshTime)
	w.at(nextAttempt, s.NextAttempt)
	w.write(waiting, float64(s.Waiting))
	w.write(watchers, float64(s.Watchers))
	w.requests(&s)
}

func (w writer) pool(s alf.PoolStats) {
	w.tokens(&s.Stats)
	w.requests(&s.Requests)
	w.write(poolTokens, float64(s.Busy), "busy")
	w.write(poolTokens, float64(s.Tokens-s.Busy), "idle")
	w.count(poolCreated, s.Created)
	w.count(poolForgotten, s.Forgotten)
	w.count(poolEvicted, s.Evicted)
	w.count(poolRefused, s.PoolStats.Refused)
}

// causes and outcomes are written from the start, so that the first one is seen as an increase.
var (
	causes = []manager.Cause{
		manager.CauseCold, manager.CauseRefresh, manager.CauseExpired, manager.CauseRejected, manager.CauseManual, manager.CauseRetry,
	}
	outcomes = []manager.WaitOutcome{
		manager.WaitServed, manager.WaitFailed, manager.WaitSuppressed, manager.WaitCanceled, manager.WaitClosed,
	}
)

func (w writer) tokens(s *manager.Stats) {
	for _, cause := range causes {
		w.count(fetches, s.FetchesBy[cause], string(cause))
	}
	w.count(fetched, s.Succeeded, "succeeded")
	w.count(fetched, s.Failed-s.Permanent, "failed")
	w.count(fetched, s.Permanent, "denied")
	w.count(fetched, s.ExpiredOnArrival, "expired on arrival")
	w.count(fetched, s.Stale, "stale")
	w.count(fetched, s.Abandoned, "abandoned")
	w.count(published, s.Published)
	w.count(rejections, s.Rejected)
	w.count(suppressed, s.Suppressed)
	w.count(backoffs, s.BackedOff)
	for _, outcome := range outcomes {
		waited := s.Waits[outcome]
		w.to <- prometheus.MustNewConstSummary(waits.desc, waited.Count, waited.Sum.Seconds(), nil, w.name, string(outcome))
	}
	w.count(lostEvents, s.EventsDropped)
	w.count(hookPanics, s.HookPanics)
	if s.Sharing != nil {
		w.count(storeErrors, s.Sharing.Errors)
		w.count(storeAdopted, s.Sharing.Adopted)
		w.count(storeOffered, s.Sharing.Offered)
		w.count(storeHeld, s.Sharing.Held)
		w.count(storeAlone, s.Sharing.Alone)
	}
}

func (w writer) requests(s *alf.Stats) {
	w.count(unauthorized, s.Unauthorized)
	w.count(retried, s.Retried)
	w.count(succeeded, s.RetrySucceeded)
	w.count(unreplayable, s.Unreplayable)
	w.count(nonces, s.NonceRetries)
	w.count(unsent, s.Unsent, "no token")
	w.count(unsent, s.Refused, "not allowed")
}

func (w writer) endpoint(s alf.TokenEndpointStats) {
	w.flag(suspect, s.Suspect)
	w.write(endpointClients, float64(s.Clients))
	w.write(inFlight, float64(s.InFlight))
	w.write(queued, float64(s.Waiting))
	w.count(suspected, s.Suspected)
	w.count(probes, s.Probes)
	w.count(holds, s.Held)
	w.count(lostEvents, s.EventsDropped)
	w.count(hookPanics, s.HookPanics)
}
