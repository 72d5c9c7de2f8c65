package fosite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestF1_TheErrorOfRawBasicWithAPercentNamesTheSetting(t *testing.T) {
	s := start(t)
	a := s.account("basic & opaque")
	cfg := s.config(a, a.credentials)
	cfg.AuthStyle = alf.AuthBasicRaw
	_, err := s.newClient(t, cfg).Token(t.Context())
	var endpoint *alf.EndpointError
	require.ErrorAs(t, err, &endpoint)
	require.Equal(t, "invalid_request", endpoint.Code)
	require.Contains(t, endpoint.Hint, "use AuthStyle client_secret_basic")
}
