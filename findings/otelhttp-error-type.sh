#!/usr/bin/env bash
# Software:    go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0 (Transport)
# Guess:       span and metric of a request name its failure alike, as the conventions have one error.type for both:
#              "401" for a 401, and for a request that was not sent the type of its error, so that a missing token can
#              be told from a refused connection.
# Happens:     the metric of a 401 has no error.type, the span has "401". Of an error, the span has the type at the
#              bottom of what it wraps, and the metric the outermost, without its "*": what fmt.Errorf made is
#              fmt.wrapError there, a missing token, a refused connection and a caller that has left alike.
# Consequence: an alert on the metric's error.type counts no 401s and names no cause, and a name found in a trace is not
#              found among the metrics. A transport whose failures users are to distinguish returns a named type as the
#              outermost error.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TokenError is what a token client may return.
type TokenError struct{}

func (*TokenError) Error() string { return "no token" }

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func main() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer api.Close()
	ctx := context.Background()
	seen := ""
	try := func(name string, base http.RoundTripper) {
		spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
		client := &http.Client{Transport: otelhttp.NewTransport(base, otelhttp.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans))),
			otelhttp.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))}
		if response, err := client.Get(api.URL); err == nil {
			response.Body.Close()
		}
		ofSpan, ofMetric := "none", "none"
		for _, a := range spans.GetSpans()[0].Attributes {
			if a.Key == "error.type" {
				ofSpan = a.Value.AsString()
			}
		}
		var all metricdata.ResourceMetrics
		if err := reader.Collect(ctx, &all); err != nil {
			panic(err)
		}
		counted := false
		for _, scope := range all.ScopeMetrics {
			for _, m := range scope.Metrics {
				if m.Name != "http.client.request.duration" {
					continue
				}
				counted = true
				if v, ok := m.Data.(metricdata.Histogram[float64]).DataPoints[0].Attributes.Value(attribute.Key("error.type")); ok {
					ofMetric = v.AsString()
				}
			}
		}
		fmt.Printf("%-42s span: %-18s metric: %-18s status of the span: %v\n", name, ofSpan, ofMetric, spans.GetSpans()[0].Status.Code)
		seen += fmt.Sprint(ofSpan, " ", ofMetric, " ", counted, "; ")
	}
	try("401:", http.DefaultTransport)
	try("TokenError:", failing{&TokenError{}})
	try(`fmt.Errorf("stock: %w", TokenError):`, failing{fmt.Errorf("stock: %w", &TokenError{})})
	try(`fmt.Errorf("stock: %w", context.Canceled):`, failing{fmt.Errorf("stock: %w", context.Canceled)})
	if seen != "401 none true; *main.TokenError main.TokenError true; "+
		"*main.TokenError fmt.wrapError true; *errors.errorString fmt.wrapError true; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp@v0.72.0 go.opentelemetry.io/otel@v1.47.0 \
  go.opentelemetry.io/otel/sdk@v1.47.0 go.opentelemetry.io/otel/sdk/metric@v1.47.0
echo "Guess:   span and metric name a failure alike, by its cause."
echo "Happens: they differ, and in the metric a 401 has none and wrapped errors are all one (otelhttp v0.72.0, 2026-11)."
timeout 100 go run .
