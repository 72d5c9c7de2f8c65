package fetcher_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

// aboutAssertions are refusals of an assertion that are no invalid_client: fosite's, and what others say with 400.
var aboutAssertions = []string{
	`{"error":"jti_known","error_description":"The jti was already used."}`,
	`{"error":"jti_known"}`,
	`{"error":"invalid_request","error_description":"The client_assertion has expired"}`,
	`{"error":"invalid_request","error_description":"JWT replay detected"}`,
	`{"error":"invalid_assertion"}`,
	`{"error":"invalid_jwt"}`,
	`{"error":"Bad Request","message":"assertion: token is used already (jti)"}`,
}

func assertionFile(t *testing.T, cfg *fetcher.Config) (write func(jti string)) {
	path := filepath.Join(t.TempDir(), "token")
	write = func(jti string) {
		require.NoError(t, os.WriteFile(path, []byte(jwt(map[string]any{"sub": "me", "jti": jti})), 0o600))
	}
	write("used")
	cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion.Source = nil, fetcher.ExternalAssertion, fetcher.SecretFile(path)
	return write
}

func TestF4_ARefusedAssertionIsWatchedWhateverTheCode(t *testing.T) {
	for _, body := range aboutAssertions {
		cfg := config(always(400, body))
		write := assertionFile(t, &cfg)
		e := mustFail(t, cfg)
		require.ErrorIs(t, e, fetcher.ErrCredentials, body)
		is, can := changed(e)
		require.True(t, can, body)
		require.False(t, is, body)
		write("next")
		is, _ = changed(e)
		require.True(t, is, body)
	}
	for _, body := range append(aboutAssertions[:3:3], `{"error":"invalid_scope"}`) {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte("secret"), 0o600))
		cfg := config(always(400, body))
		cfg.ClientSecret = fetcher.SecretFile(path)
		_, can := changed(mustFail(t, cfg))
		require.False(t, can, "no assertion was sent: %s", body)
		cfg = config(always(400, `{"error":"invalid_scope"}`))
		assertionFile(t, &cfg)
		_, can = changed(mustFail(t, cfg))
		require.False(t, can, "it is not about the assertion")
	}
}

// once is a server that accepts an assertion once.
func once(requests *int) roundTripper {
	seen := map[string]bool{}
	return func(req *http.Request) (*http.Response, error) {
		*requests++
		if err := req.ParseForm(); err != nil {
			return nil, err
		}
		assertion := req.PostForm.Get("client_assertion")
		if seen[assertion] {
			return reply(400, aboutAssertions[0]), nil
		}
		seen[assertion] = true
		return reply(200, good), nil
	}
}

func TestF4_AnAssertionThatCameBeforeIsReplacedByTheNextOneAtOnce(t *testing.T) {
	requests := 0
	endpoint := once(&requests)
	var write func(string)
	cfg := config(roundTripper(func(req *http.Request) (*http.Response, error) {
		defer write("next") // by the platform, while the request is on its way
		return endpoint(req)
	}))
	write = assertionFile(t, &cfg)
	f := newFetcher(t, cfg)
	for range 3 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, requests, 3)

	// A source that makes assertions is asked for another one, once.
	requests = 0
	cfg = config(once(&requests))
	assertions := []string{"a.b.1", "a.b.1", "a.b.2", "a.b.2", "a.b.2"}
	cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.ExternalAssertion
	cfg.Assertion.Source = func(context.Context) (string, error) {
		next := assertions[0]
		assertions = assertions[1:]
		return next, nil
	}
	f = newFetcher(t, cfg)
	for range 2 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
	}
	require.Equal(t, 3, requests)
	_, err := f.Fetch(context.Background())
	require.Error(t, err, "the source has the same one")
	require.Equal(t, 4, requests)
}
