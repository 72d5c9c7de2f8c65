package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestX1_TrailersOfResponses(t *testing.T) {
	for _, announced := range []bool{true, false} {
		for _, length := range []bool{true, false} {
			t.Run(fmt.Sprintf("announced %t, with a length %t", announced, length), func(t *testing.T) {
				each(t, func(t *testing.T, caller, upstream protocol) {
					l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
						if announced {
							w.Header().Set("Trailer", "Sum")
						}
						if length && r.ProtoMajor == 2 { // over HTTP/1 a length and trailers exclude each other
							w.Header().Set("Content-Length", "3")
						}
						_, _ = io.WriteString(w, "tea")
						w.(http.Flusher).Flush()
						if announced {
							w.Header().Set("Sum", "42")
						} else {
							w.Header().Set(http.TrailerPrefix+"Sum", "42")
						}
					}, nil)
					resp := do(t, l.caller(t, caller), request(t, "GET", "/", nil))
					require.Equal(t, "tea", resp.body)
					require.Equal(t, "42", resp.Trailer.Get("Sum"))
				})
			})
		}
	}
}

func TestX1_TrailersOfRequests(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		got := make(chan http.Header, 1)
		l := newLab(t, upstream, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			got <- r.Trailer
		}, nil)
		req := request(t, "POST", "/", io.MultiReader(strings.NewReader("tea")))
		req.Trailer = http.Header{"Sum": {"42"}, "X-Forwarded-For": {"10.0.0.1"}, "Alf-Caller-Secret": {"forged"}}
		if caller == http1 { // over HTTP/2, net/http refuses it
			req.Trailer.Set("Authorization", "Bearer forged")
		}
		require.Equal(t, 200, do(t, l.caller(t, caller), req).StatusCode)
		require.Equal(t, http.Header{"Sum": {"42"}}, <-got)
	})
}

// golang/go#80085: over HTTP/2, closing the body of a response waits for the request's.
func TestX1_AResponseWithTrailersEndsBeforeItsRequest(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		if upstream == http1 || upstream == http1s {
			return // net/http's server reads the whole request before it ends its response
		}
		l := newLab(t, upstream, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Sum")
			_, _ = io.WriteString(w, "enough")
			w.Header().Set("Sum", "42")
		}, nil)
		c := l.caller(t, caller)
		for range 3 {
			r, w := io.Pipe()
			go io.WriteString(w, "a beginning")
			req := request(t, "POST", "/", r)
			resp := do(t, c, req)
			require.Equal(t, "enough", resp.body)
			require.Equal(t, "42", resp.Trailer.Get("Sum"))
			w.Close()
		}
		require.Eventually(t, func() bool { return l.inFlight() == 0 }, noLimit, time.Millisecond)
	})
}
