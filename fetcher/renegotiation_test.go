package fetcher_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
)

func TestF7_RenegotiationIsASetting(t *testing.T) {
	authority := certtest.New(t)
	for _, allowed := range []tls.RenegotiationSupport{tls.RenegotiateNever, tls.RenegotiateOnceAsClient} {
		cfg := config(nil)
		cfg.TokenURL = "https://" + certtest.Renegotiating(t, authority, http.MethodPost, good) + "/token"
		cfg.TokenRequest.TLS = &tls.Config{RootCAs: authority.Pool()}
		cfg.TokenRequest.Renegotiation = allowed
		if allowed == tls.RenegotiateNever {
			e := mustFail(t, cfg)
			require.Contains(t, e.Hint, "set TokenRequest.Renegotiation")
			require.True(t, e.Permanent())
			continue
		}
		require.Equal(t, "tok-1", mustFetch(t, cfg).AccessToken)
	}
}
