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

func newMTLS(template *http.Transport, certificate func(token string) *tls.Certificate) mtlsTransport {
	return mtlsTransport{mtls.NewPool(template), certificate}
}

func (m mtlsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	_, token, _ := strings.Cut(req.Header.Get(authorizationHeader), " ")
	return m.For(m.certificate(token)).RoundTrip(req)
}

// withoutCertificate returns a transport like base that presents none.
func withoutCertificate(base http.RoundTripper) http.RoundTripper {
	if own, ok := base.(*Base); ok {
		if m, ok := own.RoundTripper.(mtlsTransport); ok {
			return m.For(nil)
		}
	}
	return base
}
