package program

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// The API refuses the token, and the token endpoint issues no other: both are reported.
func TestC3_A401ThatNoTokenFollows(t *testing.T) {
	for status, code := range map[int]int{503: exit.Unreachable, 401: exit.Denied} {
		i := newIDP(t)
		i.respond = func(w http.ResponseWriter, _ *http.Request) {
			if i.issued++; i.issued > 1 {
				w.WriteHeader(status)
				return
			}
			fmt.Fprint(w, `{"access_token":"token-1","token_type":"Bearer","expires_in":3600}`)
		}
		api := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
		r := i.alf(t, "get", api)
		require.Equal(t, code, r.code, r.err)
		require.Empty(t, r.out)
		require.Contains(t, r.err, "alf: the API responded with 401 Unauthorized\n")
		require.Contains(t, r.err, fmt.Sprintf("alf: no token: %s: %d ", i.URL, status))
	}
}

// A server that always responds with 401 gets one retry, and its response is printed.
func TestC3_A401ThatRemains(t *testing.T) {
	i := newIDP(t)
	requests := 0
	api := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "why")
	})
	require.Equal(t, result{exit.API, "why", "alf: the API responded with 401 Unauthorized\n"}, i.alf(t, "get", api))
	require.Equal(t, 2, requests)
	require.Equal(t, 2, i.issued)
}
