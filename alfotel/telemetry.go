package alfotel

import (
	"context"
	"errors"
	"maps"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/alf-go/alf/alfotel"

// Telemetry has the instruments that all names share. It is safe for concurrent use.
type Telemetry struct {
	tracer       trace.Tracer
	duration     metric.Float64Histogram
	registration metric.Registration

	mu      sync.Mutex
	sources map[*Instrumentation]source
}

// Option changes a default of [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets where spans go. Default: the global provider.
func WithTracerProvider(p trace.TracerProvider) Option { return func(o *options) { o.tracers = p } }

// WithMeterProvider sets where metrics go. Default: the global provider.
func WithMeterProvider(p metric.MeterProvider) Option { return func(o *options) { o.meters = p } }

// durationBounds are in seconds: the default ones of OpenTelemetry are for milliseconds.
var durationBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// New makes the instruments. The error is that of the meter provider.
func New(opts ...Option) (*Telemetry, error) {
	o := options{otel.GetTracerProvider(), otel.GetMeterProvider()}
	for _, option := range opts {
		option(&o)
	}
	t := &Telemetry{tracer: o.tracers.Tracer(scope), sources: make(map[*Instrumentation]source)}
	meter := o.meters.Meter(scope)
	var err error
	t.duration, err = meter.Float64Histogram("alf.token.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of token requests."), metric.WithExplicitBucketBoundaries(durationBounds...))
	if err != nil {
		return nil, err
	}
	instruments, err := newInstruments(meter)
	if err != nil {
		return nil, err
	}
	t.registration, err = meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		t.mu.Lock()
		sources := maps.Clone(t.sources)
		t.mu.Unlock()
		for i, s := range sources {
			s(observer{to, instruments, i.name})
		}
		return nil
	}, instruments.all...)
	return t, err
}

// Close ends the observation of all that was added. Spans and durations go on.
func (t *Telemetry) Close() error { return t.registration.Unregister() }

// For returns the instrumentation of one client, pool or token endpoint. The name is for people, and is the attribute
// alf.client.name of everything; it must not be a secret. Two with the same name are counted as one where a backend
// adds them up, so use one name each.
func (t *Telemetry) For(name string) *Instrumentation {
	return &Instrumentation{telemetry: t, name: attribute.String("alf.client.name", name)}
}

var errNil = errors.New("alfotel: there is nothing to observe: give what alf.New, alf.NewPool or alf.NewTokenEndpoint returned")
