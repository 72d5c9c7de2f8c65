package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/wire"
)

func TestM10_PermanentByCode(t *testing.T) {
	statuses := []int{0, 200, 302, 400, 401, 403, 408, 429, 500, 503}
	for _, code := range []string{
		"invalid_client", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "invalid_target", "invalid_request",
	} {
		for _, status := range statuses {
			require.True(t, wire.Permanent(status, code), "%s under %d", code, status)
		}
	}
	for _, code := range []string{"temporarily_unavailable", "server_error", "slow_down"} {
		for _, status := range statuses {
			require.False(t, wire.Permanent(status, code), "%s under %d", code, status)
		}
	}
}

func TestM10_PermanentByStatus(t *testing.T) {
	for status, want := range map[int]bool{
		0: false, 101: false, 200: false, 201: false, 204: false,
		300: true, 301: true, 302: true, 304: true, 307: true, 308: true,
		400: true, 401: true, 403: true, 404: true, 405: true, 407: true, 410: true, 418: true, 499: true,
		408: false, 429: false,
		500: false, 501: false, 502: false, 503: false, 504: false, 599: false, 600: false,
	} {
		require.Equal(t, want, wire.Permanent(status, ""), "status %d", status)
	}
}

func TestM10_UnknownCodeGoesByStatus(t *testing.T) {
	for _, code := range []string{"access_denied", "mfa_required", "INVALID_CLIENT"} {
		require.True(t, wire.Permanent(400, code), code)
		require.True(t, wire.Permanent(200, code), "an OAuth error under 200 is meant as a 400: %s", code)
		require.False(t, wire.Permanent(429, code), code)
		require.False(t, wire.Permanent(503, code), code)
		require.False(t, wire.Permanent(0, code), code)
	}
}
