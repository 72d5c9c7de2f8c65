package proxy

import (
	"fmt"
	"net/http"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/transport"
)

// withoutToken is the base for requests that have their caller's own Authorization.
func (c *Client) withoutToken(base http.RoundTripper) http.RoundTripper {
	if c.Config.Certificate == nil {
		return base
	}
	return &presenting{base, c.Config.Certificate}
}

// presenting sends requests over connections with the client's certificate as it is now. What their callers send is
// bound to no certificate of the client, but an upstream may accept no connection without one. A caller that may send
// such a request may send one with the client's token as well, so that the certificate gives it nothing.
type presenting struct {
	base        http.RoundTripper
	certificate alf.CertificateFunc
}

// certificateError is about a certificate that cannot be read.
type certificateError struct{ error }

// RoundTrip sends req.
func (p *presenting) RoundTrip(req *http.Request) (*http.Response, error) {
	certificate, err := p.certificate(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, certificateError{fmt.Errorf("the client's certificate cannot be read: %w", err)}
	}
	return transport.WithCertificate(p.base, certificate).RoundTrip(req)
}
