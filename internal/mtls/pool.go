// Package mtls keeps connections apart by the certificate they were made with. A connection shows the one of its handshake
// for as long as it lives, and a token may be bound to it (RFC 8705 section 3).
package mtls

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"sync"
	"sync/atomic"
)

// Pool makes http.Transports that differ in the client's certificate only. It is safe for concurrent use.
type Pool struct {
	template *http.Transport
	current  atomic.Pointer[entry]
	mu       sync.Mutex // held while current is replaced
}

type entry struct {
	certificate *tls.Certificate
	transport   *http.Transport
}

// NewPool makes a pool of transports like template, which is not used itself.
func NewPool(template *http.Transport) *Pool { return &Pool{template: template.Clone()} }

// For returns the transport for a certificate; nil for none. It is the same for as long as the certificate is; when that
// changes, connections with the old one end with the requests that use them.
func (p *Pool) For(certificate *tls.Certificate) *http.Transport {
	if e := p.current.Load(); e != nil && Same(e.certificate, certificate) {
		return e.transport
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.current.Load()
	if old != nil && Same(old.certificate, certificate) {
		return old.transport
	}
	e := &entry{certificate, p.template.Clone()}
	if certificate != nil {
		Show(e.transport, certificate)
	}
	p.current.Store(e)
	if old != nil {
		old.transport.CloseIdleConnections()
	}
	return e.transport
}

// CloseIdleConnections closes the idle connections.
func (p *Pool) CloseIdleConnections() {
	if e := p.current.Load(); e != nil {
		e.transport.CloseIdleConnections()
	}
}

// Show makes a transport show a certificate to every server that asks for one, also to one that names other authorities than
// the certificate's: it may have it on record.
func Show(transport *http.Transport, certificate *tls.Certificate) {
	config := &tls.Config{}
	if transport.TLSClientConfig != nil {
		config = transport.TLSClientConfig.Clone()
	}
	config.Certificates = nil
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	transport.TLSClientConfig = config
}

// Same reports whether two certificates are the same one.
func Same(a, b *tls.Certificate) bool {
	if a == b {
		return true
	}
	return a != nil && b != nil && len(a.Certificate) > 0 && len(b.Certificate) > 0 &&
		bytes.Equal(a.Certificate[0], b.Certificate[0])
}
