package transport

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/http1"
	"github.com/alf-go/alf/internal/mtls"
)

const (
	// maxIdlePerHost is how many idle connections to one host are kept. Most requests go to one host, of which
	// http.DefaultTransport keeps only 2 connections: under load nearly every request would dial.
	maxIdlePerHost = 1024
	// A silent HTTP/2 connection is pinged, and given up if there is no response: a load balancer or NAT may have
	// dropped it without a word.
	sendPingTimeout = 5 * time.Second
	pingTimeout     = 10 * time.Second
	// flushInterval is how often a request that timed out closes the idle connections at most.
	flushInterval = 5 * time.Second
)

// newTemplate returns a copy of http.DefaultTransport with the settings of a transport for requests to APIs; false if
// that was replaced by another type.
func newTemplate() (*http.Transport, bool) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, false
	}
	own := standard.Clone()
	own.MaxIdleConns = 0
	own.MaxIdleConnsPerHost = maxIdlePerHost
	//lint:ignore SA1019 a program that still sets Dial must keep it
	if own.Dial == nil && own.DialTLS == nil && own.DialTLSContext == nil && own.DialContext != nil {
		own.DialContext = dial.AllAddresses(own.DialContext)
	}
	settings := http.HTTP2Config{}
	if own.HTTP2 != nil {
		settings = *own.HTTP2
	}
	if settings.SendPingTimeout == 0 {
		settings.SendPingTimeout = sendPingTimeout
	}
	if settings.PingTimeout == 0 {
		settings.PingTimeout = pingTimeout
	}
	own.HTTP2 = &settings
	return own, true
}

// Base is a base transport that the client made itself.
type Base struct {
	http.RoundTripper                   // an *http.Transport or an mtlsTransport
	standard          http.RoundTripper // http.DefaultTransport when it was made a copy of that; else nil
	flushed           atomic.Int64
}

// NewDefaultBase returns a base transport for a client that was given none. It is a copy of http.DefaultTransport with
// settings of its own, for as long as that is not replaced: mocks and instrumentation replace it, and must see every
// request.
func NewDefaultBase(certificate func(token string) *tls.Certificate) http.RoundTripper {
	template, ok := newTemplate()
	if !ok {
		return replacedDefault{}
	}
	own := NewBase(template, certificate)
	own.standard = http.DefaultTransport
	return own
}

// replacedDefault sends through whatever http.DefaultTransport is now.
type replacedDefault struct{}

func (replacedDefault) RoundTrip(req *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(req)
}

// editsNothing reports whether base sends the next request by net/http alone, which only reads it.
func editsNothing(base http.RoundTripper) bool {
	switch b := base.(type) {
	case *http.Transport, *http1.Transport:
		return true
	case *Base:
		return b.standard == nil || b.standard == http.DefaultTransport
	}
	return false
}

// CloseIdleConnections reaches whatever http.DefaultTransport is now.
func (replacedDefault) CloseIdleConnections() { closeIdle(http.DefaultTransport) }

// NewBase returns a base transport like template, whose connections present the certificate of each request's token;
// nil for none.
func NewBase(template *http.Transport, certificate func(token string) *tls.Certificate) *Base {
	if certificate == nil {
		return &Base{RoundTripper: template}
	}
	return &Base{RoundTripper: newMTLS(template, certificate)}
}

// RoundTrip sends req. If its deadline passes first, its connection may be dead. HTTP/1 closes it; over HTTP/2 the next
// request would use it again, until the pings are given up. So the idle ones are closed, of which it is one now if no
// other request uses it.
func (b *Base) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.standard != nil && http.DefaultTransport != b.standard {
		return http.DefaultTransport.RoundTrip(req)
	}
	resp, err := b.RoundTripper.RoundTrip(req)
	if err != nil && req.Context().Err() == context.DeadlineExceeded {
		b.flush()
	}
	return resp, err
}

// flush closes the idle connections, seldom: a slow API must not cost the others their connections.
func (b *Base) flush() {
	now, last := time.Now().UnixNano(), b.flushed.Load()
	if now-last < int64(flushInterval) || !b.flushed.CompareAndSwap(last, now) {
		return
	}
	time.Sleep(time.Millisecond) // net/http abandons a stream on a goroutine of its own
	b.CloseIdleConnections()
}

// CloseIdleConnections closes the idle connections.
func (b *Base) CloseIdleConnections() { closeIdle(b.RoundTripper) }

func closeIdle(base http.RoundTripper) {
	if b, ok := base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// mtlsTransport sends each request on a connection that presents the certificate its token was fetched with (RFC 8705
// section 3).
type mtlsTransport struct {
	*mtls.Pool
	certificate func(token string) *tls.Certificate
}

func newMTLS(template *http.Transport, certificate func(token string) *tls.Certificate) mtlsTransport {
	return mtlsTransport{mtls.NewPool(template), certificate}
}

func (m mtlsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	_, token, _ := strings.Cut(req.Header.Get(authorizationHeader), " ")
	return m.For(m.certificate(token)).RoundTrip(req)
}

// WithCertificate returns a transport over the connections of base, which a client has made, that presents a
// certificate whatever token a request carries; nil: none. A base that presents no certificates is returned as it is.
func WithCertificate(base http.RoundTripper, certificate *tls.Certificate) http.RoundTripper {
	if own, ok := base.(*Base); ok {
		if m, ok := own.RoundTripper.(mtlsTransport); ok {
			return m.For(certificate)
		}
	}
	return base
}
