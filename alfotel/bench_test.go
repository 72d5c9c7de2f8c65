package alfotel_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// BenchmarkRequest sends requests over loopback with otelhttp outside: alone, and with this package.
func BenchmarkRequest(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for name, sampler := range map[string]sdktrace.Sampler{"recorded": sdktrace.AlwaysSample(), "dropped": sdktrace.NeverSample()} {
		l := newLab(b, sampler)
		base := http.DefaultTransport.(*http.Transport).Clone()
		b.Cleanup(base.CloseIdleConnections)
		for what, over := range map[string]http.RoundTripper{
			"otelhttp alone": l.client.Transport(base), "with alfotel": l.orders.Transport(l.client, base),
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				client := &http.Client{Transport: otelhttp.NewTransport(over, otelhttp.WithTracerProvider(l.tracers), otelhttp.WithMeterProvider(l.meters))}
				b.ReportAllocs()
				for b.Loop() {
					response, err := client.Get(server.URL)
					require.NoError(b, err)
					require.NoError(b, response.Body.Close())
					l.spans.Reset()
				}
			})
		}
	}
}
