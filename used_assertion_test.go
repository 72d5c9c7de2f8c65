package alf_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// fosite accepts an assertion once, and refuses the second use as jti_known. The platform replaces the file.
func TestF4_AnotherAssertionInTheFileLiftsTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(path, []byte("an.assertion.one"), 0o600))
		seen := map[string]bool{}
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, AuthStyle: alf.AuthExternalAssertion,
			Assertion: alf.Assertion{Source: alf.SecretFile(path)},
			TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				if err := req.ParseForm(); err != nil {
					return nil, err
				}
				if assertion := req.PostForm.Get("client_assertion"); !seen[assertion] {
					seen[assertion] = true
					return tokenResponse(req), nil
				}
				resp := respond(req, 400, `{"error":"jti_known"}`)
				resp.Header.Set("Content-Type", "application/json")
				return resp, nil
			})},
			HTTPClient: &http.Client{Transport: script(200)},
		})
		get(t, client, apiURL)
		_, err := client.Refresh(t.Context())
		require.ErrorContains(t, err, "jti_known")
		time.Sleep(2 * time.Hour) // the token expires
		for range 5 {             // the backoff is a minute by then
			_, err = client.Get(apiURL)
			require.ErrorContains(t, err, "jti_known")
			time.Sleep(time.Minute)
		}
		_, err = client.Get(apiURL)
		require.ErrorContains(t, err, "jti_known")
		require.NoError(t, os.WriteFile(path, []byte("an.assertion.two"), 0o600))
		time.Sleep(2 * time.Second)
		synctest.Wait() // the file was read again by then
		get(t, client, apiURL)
		require.EqualValues(t, 1, client.Stats().BackoffsLifted)
	})
}
