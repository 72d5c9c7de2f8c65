// Package mtls keeps connections apart by the certificate they were made with. A connection presents the one of its
// handshake for as long as it lives, and a token may be bound to it (RFC 8705 section 3).
package mtls

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// kept is for how many certificates there may be connections at the same time. Those of the tokens in use, and
	// none, would do; but HTTP/2 keeps a connection beyond the requests that its certificate had under way when it was
	// replaced, and a transport that was forgotten cannot be made to close it.
	kept = 16
	// keptShared is the same where each of many clients has a certificate of its own.
	keptShared = 1024
	// idleTimeout ends connections that are no longer used, if the template has no other. It is that of
	// http.DefaultTransport.
	idleTimeout = 90 * time.Second
)

// Pool makes http.Transports that differ in the client's certificate only. It is safe for concurrent use.
type Pool struct {
	template *http.Transport
	// entries has the latest one first. A write replaces the slice as a whole.
	entries atomic.Pointer[[]entry]
	// mu is held while entries are replaced.
	mu sync.Mutex
	// kept is for how many certificates transports are remembered. shared says that they are of clients that are in use
	// at the same time, so that a further one makes no other useless.
	kept   int
	shared bool
}

type entry struct {
	certificate *tls.Certificate
	transport   *http.Transport
}

// NewPool makes a pool of transports like template, which is not used itself.
func NewPool(template *http.Transport) *Pool {
	p := &Pool{template: template.Clone(), kept: kept}
	if p.template.IdleConnTimeout == 0 {
		p.template.IdleConnTimeout = idleTimeout
	}
	// HTTP/2 that was configured by hand would share its connections between the copies.
	if len(p.template.TLSNextProto) == 1 && p.template.TLSNextProto["h2"] != nil {
		p.template.TLSNextProto, p.template.ForceAttemptHTTP2 = nil, true
	}
	p.entries.Store(new([]entry))
	return p
}

// NewSharedPool is NewPool for clients that have different certificates at the same time.
func NewSharedPool(template *http.Transport) *Pool {
	p := NewPool(template)
	p.kept, p.shared = keptShared, true
	return p
}

// For returns the transport for a certificate; nil for none. It is the same for as long as the certificate is among the
// last few. Connections with others end with the requests that use them, or, with HTTP/2, when they have been idle for
// long.
func (p *Pool) For(certificate *tls.Certificate) *http.Transport {
	if t := find(*p.entries.Load(), certificate); t != nil {
		return t
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := *p.entries.Load()
	if t := find(old, certificate); t != nil {
		return t
	}
	transport := p.template.Clone()
	if certificate != nil {
		Present(transport, certificate)
	}
	entries := append([]entry{{certificate, transport}}, old...)
	entries = entries[:min(len(entries), p.kept)]
	p.entries.Store(&entries)
	if p.shared {
		old = old[len(entries)-1:] // only what is forgotten
	}
	for _, e := range old {
		e.transport.CloseIdleConnections() // most are of no use any more; the others are made again
	}
	return transport
}

func find(entries []entry, certificate *tls.Certificate) *http.Transport {
	for i := range entries {
		if Same(entries[i].certificate, certificate) {
			return entries[i].transport
		}
	}
	return nil
}

// CloseIdleConnections closes the idle connections, whatever certificate they present.
func (p *Pool) CloseIdleConnections() {
	for _, e := range *p.entries.Load() {
		e.transport.CloseIdleConnections()
	}
}

// Present makes a transport present a certificate to every server that requests one, also to one that names other
// authorities than the certificate's: the certificate may be registered there.
func Present(transport *http.Transport, certificate *tls.Certificate) {
	config := &tls.Config{}
	if transport.TLSClientConfig != nil {
		config = transport.TLSClientConfig.Clone()
	}
	if config.ClientSessionCache != nil {
		// A session that is resumed has the certificate it began with.
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	transport.TLSClientConfig = config
}

// Same reports whether two certificates, with the chains that are sent along, are the same.
func Same(a, b *tls.Certificate) bool {
	return a == b || a != nil && b != nil && len(a.Certificate) > 0 && slices.EqualFunc(a.Certificate, b.Certificate, bytes.Equal)
}

// Obstacle says why certificates cannot be presented through a base transport; "" if they can. What is to be changed
// comes after a colon.
func Obstacle(base http.RoundTripper) string {
	t, ok := base.(*http.Transport)
	switch {
	case !ok:
		return "is no *http.Transport, so that Certificate could not be presented: use one, or configure the certificate there"
	//lint:ignore SA1019 a transport that still sets it cannot present a certificate
	case t.DialTLSContext != nil || t.DialTLS != nil:
		return "makes its TLS connections itself (DialTLS), so that Certificate could not be presented: unset that, or configure the certificate there"
	case HasOwn(t.TLSClientConfig):
		return "has a client certificate in its TLSClientConfig already: remove that, or Certificate"
	}
	return ""
}

// HasOwn reports whether a TLS configuration has a client certificate.
func HasOwn(c *tls.Config) bool {
	return c != nil && (len(c.Certificates) > 0 || c.GetClientCertificate != nil)
}
