package proxy_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/proxy"
)

// lines are what a log has written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// Operators see why an upstream fails. Callers do not, and nothing is repeated that the upstream has sent.
func TestX3_OperatorsSeeWhyAnUpstreamFails(t *testing.T) {
	raw := func(text string) func(*testing.T) string {
		return func(t *testing.T) string {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_, _ = c.Write([]byte(strings.ReplaceAll(text, "TOKEN", r.Header.Get("Authorization"))))
					_ = c.Close()
				}
			}))
			t.Cleanup(s.Close)
			return s.URL
		}
	}
	for name, c := range map[string]struct {
		upstream func(*testing.T) string
		cause    string
	}{
		"nothing listens": {func(*testing.T) string {
			s := httptest.NewServer(nil)
			defer s.Close()
			return s.URL
		}, "connection refused"},
		"another certificate": {func(t *testing.T) string {
			s := httptest.NewUnstartedServer(nil)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL
		}, "certificate signed by unknown authority"},
		"no TLS": {func(t *testing.T) string {
			s := httptest.NewServer(nil)
			t.Cleanup(s.Close)
			return strings.Replace(s.URL, "http:", "https:", 1)
		}, "does not look like a TLS handshake"},
		"it closes":             {raw(""), "has closed the connection"},
		"what it sends":         {raw("TOKEN nonsense\r\n\r\n"), "none that HTTP knows"},
		"a header that is none": {raw("HTTP/1.1 200 OK\r\nTOKEN nonsense\r\n\r\n"), "none that HTTP knows"},
	} {
		t.Run(name, func(t *testing.T) {
			address, err := url.Parse(c.upstream(t))
			require.NoError(t, err)
			written := make(lines, 1)
			l := newLab(t, http1, nil, func(cfg *proxy.Config) {
				cfg.Routes[0].Upstream = address
				cfg.AccessLog = written
				cfg.Clients[0].Config.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: new(tls.Config)}}
			})
			got := l.get(t, "/")
			require.Equal(t, http.StatusBadGateway, got.StatusCode)
			require.NotContains(t, got.body, c.cause)
			line := <-written
			require.Contains(t, line, `"cause":"`)
			require.Contains(t, line, c.cause)
			require.NotContains(t, line, "Bearer")
			require.NotContains(t, line, "nonsense")
		})
	}
}
