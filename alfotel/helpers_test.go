package alfotel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfotel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// authority issues tokens, and is an API that accepts them until they are revoked.
type authority struct {
	issued, revoked atomic.Int64
	fail            atomic.Pointer[error]
}

func (a *authority) Fetch(context.Context) (*oauth2.Token, error) {
	if err := a.fail.Load(); err != nil {
		return nil, *err
	}
	return &oauth2.Token{
		AccessToken: fmt.Sprint("very-secret-", a.issued.Add(1)), TokenType: "Bearer", Expiry: time.Now().Add(time.Hour),
	}, nil
}

func (a *authority) failWith(err error) { a.fail.Store(&err) }

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	var n int64
	status := http.StatusOK
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer very-secret-%d", &n); err != nil || n <= a.revoked.Load() {
		status = http.StatusUnauthorized
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r, ProtoMajor: 1}, nil
}

// lab is telemetry into memory, and a client.
type lab struct {
	*authority
	telemetry *alfotel.Telemetry
	orders    *alfotel.Instrumentation
	client    *alf.Client
	spans     *tracetest.InMemoryExporter
	tracers   *sdktrace.TracerProvider
	meters    *sdkmetric.MeterProvider
	reader    *sdkmetric.ManualReader
}

func newLab(t testing.TB, sampler sdktrace.Sampler) *lab {
	l := &lab{authority: new(authority), spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	l.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(l.spans), sdktrace.WithSampler(sampler))
	l.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(l.reader))
	var err error
	l.telemetry, err = alfotel.New(alfotel.WithTracerProvider(l.tracers), alfotel.WithMeterProvider(l.meters))
	require.NoError(t, err)
	l.orders = l.telemetry.For("orders")
	l.client, err = alf.New(l.orders.Config(alf.Config{Fetcher: l, HTTPClient: &http.Client{Transport: l}}))
	require.NoError(t, err)
	require.NoError(t, l.orders.Observe(l.client))
	t.Cleanup(func() {
		_ = l.client.Close()
		require.NoError(t, l.telemetry.Close())
		require.NoError(t, errors.Join(l.tracers.Shutdown(context.Background()), l.meters.Shutdown(context.Background())))
	})
	return l
}

// send sends a request through a transport, and returns its status.
func send(t testing.TB, ctx context.Context, over http.RoundTripper) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/", nil)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: over}).Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// named returns the spans of a name.
func (l *lab) named(name string) (found tracetest.SpanStubs) {
	for _, s := range l.spans.GetSpans() {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

func (l *lab) metrics(t *testing.T) metricdata.ResourceMetrics {
	var all metricdata.ResourceMetrics
	require.NoError(t, l.reader.Collect(context.Background(), &all))
	return all
}
