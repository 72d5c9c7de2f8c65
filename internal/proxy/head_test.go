package proxy_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A head that nginx and HAProxy refuse for its size gets no token.
func TestX2_AHeadIsLimited(t *testing.T) {
	for _, p := range []protocol{http1, h2c} {
		t.Run(string(p), func(t *testing.T) {
			calls := make(chan string, 10)
			l := newLab(t, http1, func(_ http.ResponseWriter, r *http.Request) { calls <- r.URL.Path }, nil)
			caller := l.caller(t, p)
			ordinary := request(t, "GET", "/ordinary", nil)
			ordinary.Header.Set("X-A", strings.Repeat("a", 16_000))
			require.Equal(t, http.StatusOK, do(t, caller, ordinary).StatusCode)
			require.Equal(t, "/ordinary", <-calls)

			for name, req := range map[string]*http.Request{
				"value":  request(t, "GET", "/", nil),
				"name":   request(t, "GET", "/", nil),
				"fields": request(t, "GET", "/", nil),
				"target": request(t, "GET", "/"+strings.Repeat("a", 50_000), nil),
			} {
				switch name {
				case "value":
					req.Header.Set("X-A", strings.Repeat("a", 50_000))
				case "name":
					req.Header.Set("X-"+strings.Repeat("a", 50_000), "1")
				case "fields":
					for range 5000 {
						req.Header.Add("X-A", "1234567890")
					}
				}
				resp, err := caller.Do(req)
				if err == nil {
					require.NoError(t, resp.Body.Close())
					require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, resp.StatusCode, name)
				} else {
					require.Equal(t, h2c, p, "%s: %v", name, err) // a caller that knows the limit sends no such request
				}
				require.Empty(t, calls, name)
			}
		})
	}
}

// net/http responds to OPTIONS * by itself, unless it is kept from that: before the host or a secret is looked at.
func TestX2_OptionsOfTheWholeServerIsRefused(t *testing.T) {
	l := newLab(t, http1, nil, nil)
	for host, status := range map[string]int{"localhost": http.StatusBadRequest, "other.test": http.StatusMisdirectedRequest} {
		conn := l.dial(t)
		_, err := io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode, host)
	}
}
