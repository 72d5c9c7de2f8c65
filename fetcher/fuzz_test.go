package fetcher_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/wire"
)

const fuzzSecret = "Zq7+Zq8/Zq9"

// FuzzF5_Response has a server say anything. RAW and FORM in its body stand for
// the client secret and for what became of it on the wire.
func FuzzF5_Response(f *testing.F) {
	for _, c := range responseTable {
		if len(c.body) < 1000 {
			f.Add(uint(c.status), c.body, "5")
		}
	}
	for _, body := range []string{
		`{"error":"x","error_description":"RAW"}`, `<p>RAW FORM</p>`, `client_secret=RAW&x`,
		`{"access_token":"RAW","error":"FORM"}`, `{"token_type":"RAW","access_token":"x"}`,
		`{"scope":"RAW","access_token":"x"}`, strings.Repeat("x", 1020) + "RAW",
	} {
		f.Add(uint(400), body, "RAW")
		f.Add(uint(200), body, "Thu, 01 Jan 1970 00:01:00 GMT")
	}
	f.Fuzz(func(t *testing.T, status uint, body, header string) {
		status = 100 + status%500
		body = strings.NewReplacer("RAW", fuzzSecret, "FORM", url.QueryEscape(fuzzSecret)).Replace(body)
		header = strings.ReplaceAll(header, "RAW", fuzzSecret)
		mock := clock.NewMock()
		cfg := config(always(int(status), body, "Retry-After", header, "X-Other", header, "Location", header))
		cfg.ClientSecret, cfg.Clock = fetcher.Secret(fuzzSecret), mock
		cfg.Scopes, cfg.StrictScope = []string{"a"}, true
		token, err := newFetcher(t, cfg).Fetch(context.Background())
		if err != nil {
			requirePresentable(t, requireError(t, token, err))
			return
		}
		require.Equal(t, uint(2), status/100)
		require.True(t, wire.ValidToken(token.AccessToken), "%q", token.AccessToken)
		require.Equal(t, "Bearer", token.TokenType)
		require.Empty(t, token.RefreshToken)
		if !token.Expiry.IsZero() {
			require.False(t, token.Expiry.Before(mock.Now()))
			require.False(t, token.Expiry.After(mock.Now().Add(year)))
		}
		// What this package took for a token, a plain reader takes for it too.
		var plain map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(body), &plain))
		var same string
		require.NoError(t, json.Unmarshal(plain["access_token"], &same))
		require.Equal(t, same, token.AccessToken)
	})
}

func requirePresentable(t *testing.T, e *fetcher.Error) {
	t.Helper()
	require.GreaterOrEqual(t, e.RetryAfter(), time.Duration(0))
	var retrieve *oauth2.RetrieveError
	require.True(t, errors.As(e, &retrieve))
	shown := []string{e.Error(), e.Code, e.Description, e.URI, e.Body, e.Hint}
	for _, values := range retrieve.Response.Header {
		shown = append(shown, values...)
	}
	for _, s := range shown {
		require.False(t, strings.ContainsAny(s, "\x00\x1b\r\n"), "%q", s)
	}
	for _, s := range append(shown, retrieve.Error()) {
		for _, form := range []string{fuzzSecret, url.QueryEscape(fuzzSecret), b64(clientID + ":" + url.QueryEscape(fuzzSecret))} {
			require.NotContains(t, s, form)
		}
	}
	require.LessOrEqual(t, len(e.Body), 1024)
}
