package proxy_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A connection that is opened again costs the upstream no signature.
func TestX4_TLSSessionsAreResumed(t *testing.T) {
	for _, upstream := range []protocol{http1s, http2} {
		t.Run(string(upstream), func(t *testing.T) {
			l := newLab(t, upstream, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close")
				fmt.Fprint(w, r.TLS.DidResume)
			}, nil)
			l.get(t, "/")
			for range 5 {
				require.Equal(t, "true", l.get(t, "/").body)
			}
		})
	}
}
