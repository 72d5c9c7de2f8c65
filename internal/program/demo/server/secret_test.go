package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/demo/server"
)

const tokenGrant = "client_credentials"

// form is a token request's body, with more in it.
func form(more ...string) url.Values {
	f := url.Values{"grant_type": {tokenGrant}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

func TestSecrets_AreTakenWhereTheyBelongAlone(t *testing.T) {
	const secret = "a+b: %/"
	encoded := url.QueryEscape(secret)
	for name, c := range map[string]struct {
		method         server.Method
		user, password string
		form           url.Values
		why            string
	}{
		"basic":                   {server.Basic{Secret: secret}, "me", encoded, form(), ""},
		"basic, not encoded":      {server.Basic{Secret: secret}, "me", secret, form(), "invalid URL escape"},
		"basic, of another":       {server.Basic{Secret: secret}, "other", encoded, form(), "another client's"},
		"basic in the body":       {server.Basic{Secret: secret}, "", "", form("client_id", "me", "client_secret", secret), "another client's"},
		"basic and in the body":   {server.Basic{Secret: secret}, "me", encoded, form("client_secret", secret), "more than one way"},
		"raw":                     {server.Basic{Secret: secret, Raw: true}, "me", secret, form(), ""},
		"raw, but encoded":        {server.Basic{Secret: secret, Raw: true}, "me", encoded, form(), "not the client's secret"},
		"post":                    {server.Post{Secret: secret}, "", "", form("client_id", "me", "client_secret", secret), ""},
		"post, of another":        {server.Post{Secret: secret}, "", "", form("client_id", "other", "client_secret", secret), "another client's"},
		"post, wrong":             {server.Post{Secret: secret}, "", "", form("client_id", "me", "client_secret", "guessed"), "not the client's secret"},
		"post in the header":      {server.Post{Secret: secret}, "me", encoded, form(), "another client's"},
		"post, without a secret":  {server.Post{Secret: secret}, "", "", form("client_id", "me"), "not the client's secret"},
		"basic, without a secret": {server.Basic{Secret: secret}, "", "", form(), "another client's"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startFor(t, server.Client{ID: "me", Method: c.method}, nil)
			got, err := p.post(c.form, func(r *http.Request) {
				if c.user != "" {
					r.SetBasicAuth(c.user, c.password)
				}
			})
			require.NoError(t, err)
			requireVerified(t, got, c.why)
		})
	}
}

// requireVerified expects a token, or the refusal of a client that says why.
func requireVerified(t *testing.T, got reply, why string) {
	t.Helper()
	if why == "" {
		require.Equal(t, http.StatusOK, got.status, got.Why)
		require.NotEmpty(t, got.AccessToken)
		return
	}
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, "invalid_client", got.Error)
	require.Contains(t, got.Why, why)
}
