package oauth2mock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// TestF5_ResponsesOfARealServer has the server give the responses of the contract's table, as far as it can be brought
// to.
func TestF5_ResponsesOfARealServer(t *testing.T) {
	s := startServer(t)
	f, err := fetcher.New(fetcher.Config{
		TokenURL: s.TokenURL(), ClientID: "alf", ClientSecret: alf.Secret("anything"), Scopes: []string{"read"},
	})
	require.NoError(t, err)
	t.Cleanup(f.CloseIdleConnections)

	const hour, unknown, longest = time.Hour, 0, 365 * 24 * time.Hour
	for _, test := range []struct {
		name     string
		response Response
		lifetime time.Duration
	}{
		{"as it is", Response{}, lifetime},
		{"unknown member", With("id_token", `{"a":[1]}`), lifetime},
		{"expires_in 3600", With("expires_in", `3600`), hour},
		{"expires_in as text", With("expires_in", `"3600"`), hour},
		{"expires_in 3.6e3", Text(200, "application/json", `{"access_token":"x","token_type":"Bearer","expires_in":3.6e3}`), hour},
		{"expires_in null", With("expires_in", `null`), unknown},
		{"expires_in missing", Without("expires_in"), unknown},
		{"expires_in 1e30", With("expires_in", `1e30`), longest},
		{"token_type BEARER", With("token_type", `"BEARER"`), lifetime},
		{"token_type missing", Without("token_type"), lifetime},
		{"refresh_token", With("refresh_token", `"r"`), lifetime},
		{"empty scope", With("scope", `""`), lifetime},
		{"other scope", With("scope", `"write"`), lifetime},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, s.Queue(t.Context(), test.response))
			token, err := f.Fetch(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, token.AccessToken)
			require.Empty(t, token.RefreshToken)
			if test.lifetime == unknown {
				require.Zero(t, token.Expiry)
			} else {
				require.WithinDuration(t, time.Now().Add(test.lifetime), token.Expiry, time.Minute)
			}
		})
	}

	for _, test := range []struct {
		name      string
		response  Response
		status    int
		says      string
		permanent bool
	}{
		{"expires_in empty", With("expires_in", `""`), 200, "malformed", false},
		{"expires_in abc", With("expires_in", `"abc"`), 200, "malformed", false},
		{"expires_in true", With("expires_in", `true`), 200, "malformed", false},
		{"expires_in {}", With("expires_in", `{}`), 200, "malformed", false},
		{"access_token missing", Without("access_token"), 200, "access_token", false},
		{"access_token null", With("access_token", `null`), 200, "access_token", false},
		{"access_token a number", With("access_token", `7`), 200, "access_token", false},
		{"access_token with a line end", With("access_token", `"a\r\nb"`), 200, "access_token", false},
		{"token_type mac", With("token_type", `"mac"`), 200, "token_type", true},
		{"200 with error", Error(200, "invalid_scope"), 200, "invalid_scope", true},
		{"HTML", Text(200, "text/html", "<html>Who are you?</html>"), 200, "malformed", false},
		{"array", Response{Body: []byte(`[]`)}, 200, "malformed", false},
		{"truncated", Text(200, "application/json", `{"access_token":"x"`), 200, "malformed", false},
		{"two objects", Text(200, "application/json", `{"access_token":"x"}{}`), 200, "malformed", false},
		{"empty", Text(200, "application/json", ""), 200, "malformed", false},
		{"duplicate", Text(200, "application/json", `{"access_token":"x","access_token":"y"}`), 200, "malformed", false},
		{"redirect", Response{Status: 302, Header: map[string]string{"Location": "/elsewhere"}}, 302, "redirect", true},
		{"400 invalid_client", Error(400, "invalid_client"), 400, "invalid_client", true},
		{"401 invalid_client", Error(401, "invalid_client"), 401, "invalid_client", true},
		{"400 temporarily_unavailable", Error(400, "temporarily_unavailable"), 400, "temporarily_unavailable", false},
		{"401 with HTML", Text(401, "text/html", "<html>"), 401, "401", true},
		{"429", Text(429, "text/plain", ""), 429, "429", false},
		{"503", Response{Status: 503, Header: map[string]string{"Retry-After": "7"}}, 503, "503", false},
		{"cut", Response{Cut: true}, 0, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, s.Queue(t.Context(), test.response))
			before := s.TokenRequests()
			token, err := f.Fetch(t.Context())
			require.Nil(t, token)
			require.Equal(t, before+1, s.TokenRequests())
			var failed *fetcher.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, test.status, failed.Status)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.permanent, failed.Permanent())
		})
	}
}

func TestEachCaseWorks(t *testing.T) {
	s := startServer(t)
	for _, c := range s.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			client, err := alf.New(c.Config())
			require.NoError(t, err)
			defer func() {
				client.CloseIdleConnections()
				require.NoError(t, client.Close())
			}()
			for range 2 {
				response, err := client.GetContext(t.Context(), c.API)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, 200, response.StatusCode)
				require.NoError(t, s.Revoke(t.Context()))
			}
		})
	}
}

// The server takes any client, and its metadata say that it takes none that authenticates. The client believes those.
func TestMetadataWithoutTheMethod(t *testing.T) {
	s := startServer(t)
	client, err := alf.New(alf.Config{Issuer: s.Issuer(), ClientID: "alf", ClientSecret: alf.Secret("anything")})
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = client.Token(t.Context())
	require.ErrorContains(t, err, "the server does not take client_secret_basic, but none")
	require.Zero(t, s.TokenRequests())
}
