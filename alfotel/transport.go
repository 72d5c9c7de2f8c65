package alfotel

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// Transport is the client's transport over base (nil: the client's own), which reports waits and retries in the span of
// each request: the one that is in its context, such as that of otelhttp outside of this transport. Requests whose span
// is not recorded go straight through.
func (i *Instrumentation) Transport(client *alf.Client, base http.RoundTripper) http.RoundTripper {
	return &transport{client.Transport(base), i}
}

type transport struct {
	next http.RoundTripper
	to   *Instrumentation
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return t.next.RoundTrip(r)
	}
	s := &sending{to: t.to, span: span}
	ctx := context.WithValue(alf.WithTrace(r.Context(), s.trace()), sendingKey{}, s)
	return t.next.RoundTrip(r.WithContext(ctx))
}

// CloseIdleConnections calls that of the transport beneath, if it has one.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type sendingKey struct{}

// sending is a request on its way. One goroutine at a time uses it.
type sending struct {
	to    *Instrumentation
	span  trace.Span
	since time.Time // of the wait
	again int       // how often it was sent again
}

func (s *sending) trace() *alf.Trace {
	return &alf.Trace{
		WaitStart: func() { s.since = time.Now() },
		WaitDone:  s.waited,
		Retry:     s.retry,
		Outcome: func(o manager.Outcome) {
			s.since = time.Now()
			s.span.AddEvent("alf.outcome", trace.WithAttributes(attribute.Bool("alf.accepted", o.Accepted)))
		},
		Suppressed: func(error) { s.span.AddEvent("alf.suppressed") },
		NotRetried: func(error) { s.span.AddEvent("alf.not_retried") },
	}
}

// waited reports a wait.
func (s *sending) waited(token *alf.Token, err error) {
	s.span.AddEvent("alf.token.wait", trace.WithAttributes(s.duration(), attribute.Bool("alf.token.available", err == nil)))
	s.link(token)
}

// retry reports that the request is sent again with the successor, which it has waited for since the first response.
func (s *sending) retry(token *alf.Token) {
	s.again++
	s.span.AddEvent("alf.retry", trace.WithAttributes(s.duration()))
	s.mark(s.span)
	s.link(token)
}

func (s *sending) duration() attribute.KeyValue {
	return attribute.Float64("alf.token.wait.duration", time.Since(s.since).Seconds())
}

// link links the token request that ended a wait.
func (s *sending) link(token *alf.Token) {
	if request := s.to.requestOf(token); request.IsValid() {
		s.span.AddLink(trace.Link{SpanContext: request})
	}
}

// mark says of a client span that it is one more send.
func (s *sending) mark(span trace.Span) {
	if kind, ok := span.(interface{ SpanKind() trace.SpanKind }); ok && kind.SpanKind() == trace.SpanKindClient {
		span.SetAttributes(attribute.Int("http.request.resend_count", s.again))
	}
}

// Attempts marks the second send of a request in a span of its own. It belongs beneath otelhttp, where that is beneath
// the client.
func (i *Instrumentation) Attempts(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return attempts{base}
}

type attempts struct{ http.RoundTripper }

func (a attempts) RoundTrip(r *http.Request) (*http.Response, error) {
	if s, ok := r.Context().Value(sendingKey{}).(*sending); ok && s.again > 0 {
		s.mark(trace.SpanFromContext(r.Context()))
	}
	return a.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections calls that of the transport beneath, if it has one.
func (a attempts) CloseIdleConnections() {
	if c, ok := a.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
