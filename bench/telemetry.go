package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfotel"
	"github.com/alf-go/alf/alfprom"
)

// observing is point 15: what telemetry costs.
func observing(b *bench) section {
	s := section{
		title: "Telemetry",
		text: "Requests over loopback HTTP with keep-alive, one after the other, with otelhttp outside, which has a span and metrics for each: over the " +
			"client's transport alone, and over that with alfotel. The SDK records every trace and keeps it in memory, or drops every trace. Then a " +
			"registry of Prometheus gathers what alfprom knows of a pool.",
	}
	traced(b, &s)
	scraped(b, &s)
	return s
}

// traced compares requests.
func traced(b *bench, s *section) {
	url, stop := serveLoopback(func(token string) bool { return token == cached })
	defer stop()
	base := http.DefaultTransport.(*http.Transport).Clone()
	defer base.CloseIdleConnections()
	calls := b.scaled(500, 50)
	t := table{heads: []string{"", "us a request", "spread", "of otelhttp alone", "allocations"}}
	var ratios []sample
	var more float64
	for _, trace := range []struct {
		name    string
		sampler sdktrace.Sampler
	}{{"recorded", sdktrace.AlwaysSample()}, {"dropped", sdktrace.NeverSample()}} {
		w := newObserved(trace.sampler)
		names := []string{"otelhttp alone", "with alfotel"}
		trials, allocations := make([]trial, len(names)), make([]float64, len(names))
		for i, over := range []http.RoundTripper{w.client.Transport(base), w.orders.Transport(w.client, base)} {
			client := &http.Client{Transport: otelhttp.NewTransport(over, otelhttp.WithTracerProvider(w.tracers), otelhttp.WithMeterProvider(w.meters))}
			spin := func(n int) {
				for range n {
					if err := exchange(client, url, false, false); err != nil {
						panic(err)
					}
				}
				w.spans.Reset()
			}
			spin(10) // connects
			_, allocations[i] = allocated(1000, spin)
			trials[i] = func() float64 { return perCall(1, calls, spin) / 1e3 }
		}
		samples := interleave(b.rounds(61), b.step("traces "+trace.name), trials...)
		for i, sample := range samples {
			of := sample.over(samples[0])
			t.row(names[i]+", traces "+trace.name, number(sample.median()), percent(sample.spread()), exactly(of.median()), number(allocations[i]))
		}
		ratios = append(ratios, samples[1].over(samples[0]))
		more = allocations[1] - allocations[0]
		w.close()
	}
	s.tables = append(s.tables, t)
	s.compare(ratios, 1.15, false, "within 1.15 times otelhttp alone (traces recorded, and dropped)", "")
	s.check(more <= 0, "no allocation more where the trace is dropped", number(more))
}

// observed is a client with telemetry into memory.
type observed struct {
	client    *alf.Client
	telemetry *alfotel.Telemetry
	orders    *alfotel.Instrumentation
	spans     *tracetest.InMemoryExporter
	tracers   *sdktrace.TracerProvider
	meters    *sdkmetric.MeterProvider
}

func newObserved(sampler sdktrace.Sampler) *observed {
	w := &observed{spans: tracetest.NewInMemoryExporter()}
	w.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans), sdktrace.WithSampler(sampler))
	w.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	var err error
	if w.telemetry, err = alfotel.New(alfotel.WithTracerProvider(w.tracers), alfotel.WithMeterProvider(w.meters)); err != nil {
		panic(err)
	}
	w.orders = w.telemetry.For("orders")
	w.client = newClient(w.orders.Config(alf.Config{Fetcher: constant(cached)}))
	if err := w.orders.Observe(w.client); err != nil {
		panic(err)
	}
	return w
}

func (w *observed) close() {
	ctx := context.Background()
	if err := errors.Join(w.client.Close(), w.telemetry.Close(), w.tracers.Shutdown(ctx), w.meters.Shutdown(ctx)); err != nil {
		panic(err)
	}
}

// scraped gathers the metrics of pools of two sizes.
func scraped(b *bench, s *section) {
	sizes := []int{1, b.scaled(10_000, 300)}
	t := table{heads: []string{"", "gathering", "spread", "series"}}
	trials, series := make([]trial, len(sizes)), make([]int, len(sizes))
	for i, n := range sizes {
		pool, registry := scrapedPool(n)
		defer pool.Close()
		trials[i] = func() float64 {
			began := time.Now()
			series[i] = gathered(registry)
			return float64(time.Since(began))
		}
	}
	samples := interleave(b.rounds(41), b.step("scrapes"), trials...)
	for i, sample := range samples {
		t.row("a pool of "+count(sizes[i]), duration(time.Duration(sample.median())), percent(sample.spread()), count(series[i]))
	}
	s.tables = append(s.tables, t)
	slowest := time.Duration(samples[1].median())
	s.check(slowest <= 5*time.Millisecond, "a pool of "+count(sizes[1])+" tokens is gathered in 5 ms at most", duration(slowest))
	s.check(series[0] == series[1], "the number of series does not depend on the number of tokens", fmt.Sprintf("%d and %d", series[0], series[1]))
}

func scrapedPool(n int) (*alf.Pool, *prometheus.Registry) {
	server := new(memoryServer)
	pool, err := alf.NewPool(alf.PoolConfig{
		Config: alf.Config{TokenRequest: alf.TokenRequest{Transport: server}},
		Tenant: func(_ context.Context, name string) (alf.Config, error) {
			return alf.Config{TokenURL: memoryHost + "/token", ClientID: name, ClientSecret: alf.Secret("secret")}, nil
		},
		MaxTokens: n + 1,
	})
	if err != nil {
		panic(err)
	}
	for _, name := range tenantNames(n) {
		if _, err := pool.Client(alf.Target{Tenant: name}).Token(context.Background()); err != nil {
			panic(err)
		}
	}
	metrics, registry := alfprom.NewCollector(), prometheus.NewRegistry()
	if err := errors.Join(metrics.AddPool("tenants", pool), registry.Register(metrics)); err != nil {
		panic(err)
	}
	return pool, registry
}

// gathered is how many series there are.
func gathered(registry *prometheus.Registry) (series int) {
	families, err := registry.Gather()
	if err != nil {
		panic(err)
	}
	for _, f := range families {
		series += len(f.GetMetric())
	}
	return series
}
