package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/alf-go/alf"
)

// newService returns the handler of the service.
func newService(pool *alf.Pool, api string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { writeMetrics(w, pool.Stats()) })
	mux.HandleFunc("GET /{tenant}/{path...}", func(w http.ResponseWriter, r *http.Request) {
		client := pool.Client(alf.Target{Tenant: r.PathValue("tenant")})
		resp, err := client.GetContext(r.Context(), api+"/"+r.PathValue("path"))
		if err != nil {
			refuse(w, err)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})
	return mux
}

// refuse says why there is no response of the API, without the details, which are for the log.
func refuse(w http.ResponseWriter, err error) {
	var (
		noToken  *alf.TokenError
		noTenant *alf.TenantError
	)
	switch {
	case errors.Is(err, errUnknownTenant):
		http.Error(w, "there is no such tenant", http.StatusNotFound)
	case errors.Is(err, alf.ErrPoolFull):
		unavailable(w, time.Second)
	case errors.As(err, &noTenant):
		unavailable(w, time.Until(noTenant.NextAttempt))
	case errors.As(err, &noToken) && !noToken.Permanent:
		unavailable(w, time.Until(noToken.NextAttempt))
	case errors.As(err, &noToken):
		http.Error(w, "the credentials of this tenant are refused", http.StatusBadGateway)
	default:
		http.Error(w, "the API cannot be reached", http.StatusBadGateway)
	}
}

// unavailable lets the caller know when to come back.
func unavailable(w http.ResponseWriter, after time.Duration) {
	seconds := max(1, int(after.Round(time.Second)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

// writeMetrics writes counts in the text format of Prometheus.
func writeMetrics(w http.ResponseWriter, s alf.PoolStats) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, m := range []struct {
		name  string
		value uint64
	}{
		{"tokens", uint64(s.Tokens)}, {"tokens_busy", uint64(s.Busy)}, {"tokens_evicted_total", s.Evicted},
		{"tokens_forgotten_total", s.Forgotten}, {"pool_full_total", s.PoolStats.Refused}, {"fetches_total", s.Fetches},
		{"fetches_failed_total", s.Failed}, {"requests_rejected_total", s.Requests.Unauthorized},
		{"requests_retried_total", s.Requests.Retried}, {"requests_unsent_total", s.Requests.Unsent},
	} {
		fmt.Fprintf(w, "alf_%s %d\n", m.name, m.value)
	}
}
