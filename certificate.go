package alf

import (
	"net/http"
	"strings"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/mtls"
)

// showCertificate gives the API requests connections of their own, which show the certificate that their token came with.
// Validate has seen that the base is a transport this can be done with, except for a replaced http.DefaultTransport.
func (s *session) showCertificate(f *fetcher.Fetcher) {
	template, ok := s.base.(*http.Transport)
	if !ok {
		template = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	pool := mtls.NewPool(template)
	s.base = certified{pool, f}
	s.closeOwned = append(s.closeOwned, func() error { pool.CloseIdleConnections(); return nil })
}

// certified sends each request on a connection that shows its token's certificate.
type certified struct {
	*mtls.Pool
	fetcher *fetcher.Fetcher
}

func (c certified) RoundTrip(req *http.Request) (*http.Response, error) {
	_, token, _ := strings.Cut(req.Header.Get(authorizationHeader), " ")
	return c.For(c.fetcher.Certificate(token)).RoundTrip(req)
}
