package transport

import (
	"crypto/tls"
	"net/http"
	"strings"

	"github.com/alf-go/alf/internal/mtls"
)

// mtlsTransport sends each request on a connection that presents the certificate its token was fetched with (RFC 8705
// section 3).
type mtlsTransport struct {
	*mtls.Pool
	certificate func(token string) *tls.Certificate
}

// NewMTLS returns a base transport like template whose connections present the certificate of the request's token; nil for
// none. It has CloseIdleConnections.
func NewMTLS(template *http.Transport, certificate func(token string) *tls.Certificate) http.RoundTripper {
	return mtlsTransport{mtls.NewPool(template), certificate}
}

func (m mtlsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	_, token, _ := strings.Cut(req.Header.Get(authorizationHeader), " ")
	return m.For(m.certificate(token)).RoundTrip(req)
}
