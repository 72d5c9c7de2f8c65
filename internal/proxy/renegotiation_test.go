package proxy_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/proxy"
)

func TestF7_AnUpstreamThatRenegotiates(t *testing.T) {
	authority := certtest.New(t)
	for support, status := range map[tls.RenegotiationSupport]int{tls.RenegotiateNever: http.StatusBadGateway, tls.RenegotiateOnceAsClient: http.StatusOK} {
		upstream := &url.URL{Scheme: "https", Host: certtest.Renegotiating(t, authority, http.MethodGet, "tea")}
		l := newLab(t, http1, nil, func(c *proxy.Config) {
			c.Clients[0].Config.HTTPClient.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), Renegotiation: support}}
			c.Routes[0].Upstream = upstream
		})
		resp := l.get(t, "/")
		require.Equal(t, status, resp.StatusCode, resp.body)
	}
}
