package alfotel_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/alf-go/alf"
)

// points are the values of all metrics, by name and attributes; counts of a histogram.
func points(t *testing.T, all metricdata.ResourceMetrics) map[string]float64 {
	found := map[string]float64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				keep(found, m.Name, data.DataPoints)
			case metricdata.Sum[float64]:
				keep(found, m.Name, data.DataPoints)
			case metricdata.Gauge[int64]:
				keep(found, m.Name, data.DataPoints)
			case metricdata.Gauge[float64]:
				keep(found, m.Name, data.DataPoints)
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					found[keyOf(m.Name, p.Attributes)] = float64(p.Count)
				}
			default:
				t.Fatalf("%s: %T", m.Name, data)
			}
		}
	}
	return found
}

func keep[N int64 | float64](found map[string]float64, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		found[keyOf(name, p.Attributes)] = float64(p.Value)
	}
}

func keyOf(name string, set attribute.Set) string {
	return name + "{" + set.Encoded(attribute.DefaultEncoder()) + "}"
}

// TestM18_WhatIsCounted: values are those of Stats, names and units follow the conventions.
func TestM18_WhatIsCounted(t *testing.T) {
	l := newLab(t, sdktrace.AlwaysSample())
	over := l.orders.Transport(l.client, nil)
	send(t, t.Context(), over)
	l.revoked.Store(1)
	send(t, t.Context(), over)
	all := l.metrics(t)
	got := points(t, all)
	for name, want := range map[string]float64{
		"alf.token.published{alf.client.name=orders}":                                           2,
		"alf.token.rejections{alf.client.name=orders,alf.rejection.outcome=replaced}":           1,
		"alf.token.rejections{alf.client.name=orders,alf.rejection.outcome=suppressed}":         0,
		"alf.request.retries{alf.client.name=orders}":                                           1,
		"alf.request.accepted_retries{alf.client.name=orders}":                                  1,
		"alf.request.unsent{alf.client.name=orders,alf.unsent.reason=no_token}":                 0,
		"alf.token.ready{alf.client.name=orders}":                                               1,
		"alf.token.request.duration{alf.client.name=orders,alf.token.request.cause=cold start}": 1,
		"alf.token.request.duration{alf.client.name=orders,alf.token.request.cause=rejected}":   1,
		"alf.token.waits{alf.client.name=orders,alf.wait.outcome=served}":                       2,
	} {
		require.Contains(t, got, name)
		require.Equal(t, want, got[name], name)
	}
	require.InDelta(t, 3600, got["alf.token.remaining_lifetime{alf.client.name=orders}"], 60)

	// Names are words in lower case between dots, and none is the namespace of another one (semantic conventions,
	// naming).
	names := map[string]bool{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		require.Regexp(t, regexp.MustCompile(`^alf(\.[a-z]+(_[a-z]+)*)+$`), m.Name)
		require.Regexp(t, regexp.MustCompile(`^(s|1|\{[a-z]+\})$`), m.Unit, m.Name)
		require.NotEmpty(t, m.Description)
		names[m.Name] = true
	}
	for name := range names {
		for other := range names {
			require.NotRegexp(t, `^`+regexp.QuoteMeta(name)+`\.`, other)
		}
	}
	require.NotContains(t, fmt.Sprintf("%+v", all), "very-secret")

	l.orders.Remove()
	require.NotContains(t, points(t, l.metrics(t)), "alf.token.ready{alf.client.name=orders}")
}

// TestM18_SeriesDependOnNamesAlone: a pool of many tokens has as many as one of a few.
func TestM18_SeriesDependOnNamesAlone(t *testing.T) {
	l := newLab(t, sdktrace.NeverSample())
	tenants := l.telemetry.For("tenants")
	pool, err := alf.NewPool(alf.PoolConfig{
		Config: tenants.Config(alf.Config{WrapFetcher: func(alf.Fetcher) alf.Fetcher { return l.authority }}),
		Tenant: func(_ context.Context, name string) (alf.Config, error) {
			return alf.Config{TokenURL: "https://auth.example.com/token", ClientID: name, ClientSecret: alf.Secret("very-secret")}, nil
		},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	require.NoError(t, tenants.ObservePool(pool))
	endpoint, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: "https://auth.example.com/token"})
	require.NoError(t, err)
	require.NoError(t, l.telemetry.For("auth").ObserveTokenEndpoint(endpoint))
	ask := func(from, to int) map[string]float64 {
		for n := from; n < to; n++ {
			_, err := pool.Client(alf.Target{Tenant: fmt.Sprint("very-secret-", n)}).Token(t.Context())
			require.NoError(t, err)
		}
		return points(t, l.metrics(t))
	}
	before, after := ask(0, 1), ask(1, 200)
	require.Len(t, after, len(before))
	require.EqualValues(t, 200, after["alf.pool.tokens{alf.client.name=tenants,alf.pool.token.state=idle}"])
	require.Zero(t, after["alf.endpoint.suspect{alf.client.name=auth}"])
	require.NotContains(t, fmt.Sprint(after), "very-secret")

	require.ErrorContains(t, tenants.Observe(nil), "alf.New")
}
