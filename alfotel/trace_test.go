package alfotel_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

const (
	tokenRequest = "alf token request"
	sentAgain    = attribute.Key("http.request.resend_count")
)

func valueOf(s tracetest.SpanStub, key attribute.Key) (v attribute.Value, found bool) {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value, true
		}
	}
	return v, false
}

// TestM18_ATokenRequestIsARootThatItsWaitersLink: a request that had to wait says so, and which token request ended it.
func TestM18_ATokenRequestIsARootThatItsWaitersLink(t *testing.T) {
	l := newLab(t, sdktrace.AlwaysSample())
	over := otelhttp.NewTransport(l.orders.Transport(l.client, nil), otelhttp.WithTracerProvider(l.tracers), otelhttp.WithMeterProvider(l.meters))
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { send(t, t.Context(), over) })
	}
	group.Wait()
	fetches := l.named(tokenRequest)
	require.Len(t, fetches, 1)
	fetch := fetches[0]
	require.False(t, fetch.Parent.IsValid(), "none of its waiters is its parent")
	cause, _ := valueOf(fetch, "alf.token.request.cause")
	require.Equal(t, "cold start", cause.AsString())
	name, _ := valueOf(fetch, "alf.client.name")
	require.Equal(t, "orders", name.AsString())
	requests := l.named("HTTP GET")
	require.Len(t, requests, 10)
	linked := 0
	for _, r := range requests {
		require.Equal(t, len(r.Events), len(r.Links), "an event for each wait")
		if len(r.Links) == 1 {
			linked++
			require.Equal(t, fetch.SpanContext.SpanID(), r.Links[0].SpanContext.SpanID())
			require.Equal(t, "alf.token.wait", r.Events[0].Name)
		}
	}
	require.NotZero(t, linked)

	// With a token at hand nothing is said.
	l.spans.Reset()
	send(t, t.Context(), over)
	require.Empty(t, l.named("HTTP GET")[0].Events)
	require.NotContains(t, fmt.Sprintf("%+v", l.spans.GetSpans()), "very-secret")
}

// TestM18_ARetryIsMarked, whether otelhttp is outside, where one span is both sends, or beneath, where each has its
// own.
func TestM18_ARetryIsMarked(t *testing.T) {
	options := func(l *lab) []otelhttp.Option {
		return []otelhttp.Option{otelhttp.WithTracerProvider(l.tracers), otelhttp.WithMeterProvider(l.meters)}
	}
	t.Run("outside", func(t *testing.T) {
		l := newLab(t, sdktrace.AlwaysSample())
		over := otelhttp.NewTransport(l.orders.Transport(l.client, nil), options(l)...)
		require.Equal(t, http.StatusOK, send(t, t.Context(), over))
		l.revoked.Store(1)
		l.spans.Reset()
		require.Equal(t, http.StatusOK, send(t, t.Context(), over))
		requests := l.named("HTTP GET")
		require.Len(t, requests, 1)
		n, _ := valueOf(requests[0], sentAgain)
		require.EqualValues(t, 1, n.AsInt64())
		var events []string
		for _, e := range requests[0].Events {
			events = append(events, e.Name)
		}
		require.Equal(t, []string{"alf.outcome", "alf.retry", "alf.outcome"}, events)
		require.Len(t, requests[0].Links, 1)
		require.Equal(t, l.named(tokenRequest)[0].SpanContext.SpanID(), requests[0].Links[0].SpanContext.SpanID())
	})
	t.Run("beneath", func(t *testing.T) {
		l := newLab(t, sdktrace.AlwaysSample())
		over := l.orders.Transport(l.client, otelhttp.NewTransport(l.orders.Attempts(l.authority), options(l)...))
		tracer := l.tracers.Tracer("test")
		for range 2 {
			ctx, span := tracer.Start(t.Context(), "handler")
			l.spans.Reset()
			require.Equal(t, http.StatusOK, send(t, ctx, over))
			span.End()
			l.revoked.Store(1)
		}
		sends := l.named("HTTP GET")
		require.Len(t, sends, 2)
		_, marked := valueOf(sends[0], sentAgain)
		require.False(t, marked)
		n, _ := valueOf(sends[1], sentAgain)
		require.EqualValues(t, 1, n.AsInt64())
		_, marked = valueOf(l.named("handler")[0], sentAgain)
		require.False(t, marked, "the handler's own span is no client's")
	})
}

// TestM18_AFailureHasAType of a few words, and none of the server's.
func TestM18_AFailureHasAType(t *testing.T) {
	for want, err := range map[string]error{
		"invalid_client": &oauth2.RetrieveError{Response: &http.Response{StatusCode: 401}, ErrorCode: "invalid_client", ErrorDescription: "very-secret"},
		"503":            &oauth2.RetrieveError{Response: &http.Response{StatusCode: 503}, ErrorCode: "very-secret"},
		"_OTHER":         errors.New("very-secret"),
		"timeout":        timeout(true),
		"connection":     timeout(false),
	} {
		t.Run(want, func(t *testing.T) {
			l := newLab(t, sdktrace.AlwaysSample())
			l.failWith(err)
			ctx, span := l.tracers.Tracer("test").Start(t.Context(), "handler")
			r, requestErr := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/", nil)
			require.NoError(t, requestErr)
			_, sendErr := l.orders.Transport(l.client, nil).RoundTrip(r)
			var noToken *alf.TokenError
			require.ErrorAs(t, sendErr, &noToken)
			span.End()
			fetches := l.named(tokenRequest)
			require.NotEmpty(t, fetches)
			got, _ := valueOf(fetches[0], "error.type")
			require.Equal(t, want, got.AsString())
			require.Equal(t, codes.Error, fetches[0].Status.Code)
			handler := l.named("handler")[0]
			require.Len(t, handler.Links, 1, "the attempt that failed")
			require.NotContains(t, fmt.Sprintf("%+v", l.spans.GetSpans()), "very-secret")
			require.NotContains(t, fmt.Sprintf("%+v", l.metrics(t)), "very-secret")
		})
	}
}

type timeout bool

func (timeout) Error() string   { return "very-secret" }
func (t timeout) Timeout() bool { return bool(t) }

// TestM18_WhatIsNotRecordedCostsNothing: no allocation more than without.
func TestM18_WhatIsNotRecordedCostsNothing(t *testing.T) {
	l := newLab(t, sdktrace.NeverSample())
	ctx, span := l.tracers.Tracer("test").Start(t.Context(), "handler")
	defer span.End()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/", nil)
	require.NoError(t, err)
	cost := func(over http.RoundTripper) float64 {
		return testing.AllocsPerRun(200, func() {
			response, err := over.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		})
	}
	without := cost(l.client.Transport(nil))
	require.Equal(t, without, cost(l.orders.Transport(l.client, nil)))
}
