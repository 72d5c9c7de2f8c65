//go:build !race

package proxy_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the proxy allocates for one request beside net/http's server and transport: most of it is
// httputil.ReverseProxy's copy of the request and its trace, 4 are the copy with the token, 3 this test's response.
func TestX4_AllocationsOfARequest(t *testing.T) {
	require.LessOrEqual(t, testing.AllocsPerRun(1000, inMemory(t)), 24.0)
}
