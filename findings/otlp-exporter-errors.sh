#!/usr/bin/env bash
# Software:    go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.47.0
# Guess:       an exporter with retries switched on (WithRetry) tries again when the collector refuses the connection, or when the
#              http.Client it was given (WithHTTPClient) returns an error, as one that fetches tokens does in an outage.
# Happens:     both are given up after one attempt, and the spans are lost. An error is tried again only if it has a method
#              Temporary() that says true, itself: net/http's *url.Error asks the error it holds, and no deeper. 429, 502, 503
#              and 504 are tried again.
# Consequence: "no token is available" loses telemetry that a retry would have saved. The error that a token client's
#              RoundTripper returns should itself have Temporary() bool, true for failures that may pass.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/trace"
)

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

// failing fails once, and then passes requests on.
type failing struct {
	err      error
	attempts int
}

func (f *failing) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.attempts++; f.attempts == 1 && f.err != nil {
		return nil, f.err
	}
	return http.DefaultTransport.RoundTrip(req)
}

func main() {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	gone := httptest.NewServer(nil)
	gone.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	export := func(what, url string, err error) (int, error) {
		transport := &failing{err: err}
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url), otlptracehttp.WithHTTPClient(&http.Client{Transport: transport}),
			otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: 50 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: 2 * time.Second}))
		if err != nil {
			panic(err)
		}
		_, span := trace.NewTracerProvider().Tracer("probe").Start(ctx, "span")
		span.End()
		err = exporter.ExportSpans(ctx, []trace.ReadOnlySpan{span.(trace.ReadOnlySpan)})
		fmt.Printf("%-28s %d attempts: %v\n", what, transport.attempts, err)
		return transport.attempts, err
	}
	plain := errors.New("no token")
	a, lost := export("connection refused:", gone.URL, nil)
	b, lost2 := export("an error, once:", collector.URL, plain)
	c, lost3 := export("a Temporary one, wrapped:", collector.URL, fmt.Errorf("wrapped: %w", temporary{plain}))
	d, saved := export("a Temporary one:", collector.URL, temporary{plain})
	if a != 1 || b != 1 || c != 1 || d != 2 || lost == nil || lost2 == nil || lost3 == nil || saved != nil {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp@v1.47.0 go.opentelemetry.io/otel/sdk@v1.47.0
echo "Guess:   with retries switched on, each of these is tried again."
echo "Happens: only an error that calls itself temporary is (otlptracehttp v1.47.0, 2026-11)."
timeout 200 go run .
