package alf_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
)

func newPrivateKey(tb testing.TB) *ecdsa.PrivateKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	return private
}

func newKey(tb testing.TB) *keys.Key {
	key, err := keys.New(newPrivateKey(tb), "", "")
	require.NoError(tb, err)
	return key
}

// The server's side of private_key_jwt, from a key file to the token, with the endpoint found by discovery.
func TestF1_AKeyFileAndAnIssuer(t *testing.T) {
	private := newPrivateKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	auth := startAuth(t)
	auth.setResponse(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/.well-known/openid-configuration" {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"issuer": auth.URL, "token_endpoint": auth.URL + "/token", "token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
			})
			return true
		}
		if r.Method != http.MethodPost {
			http.NotFound(w, r)
			return true
		}
		parsed, err := jose.ParseSignedCompact(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
		if err == nil {
			var payload []byte
			payload, err = parsed.Verify(private.Public())
			require.Contains(t, string(payload), `"aud":"`+auth.URL+`/token"`)
		}
		if err != nil {
			w.WriteHeader(401)
			return true
		}
		return false
	})
	api := startAPI(t, auth, nil)
	client := newClient(t, alf.Config{
		Issuer: auth.URL, ClientID: testID,
		AuthStyle: alf.AuthPrivateKeyJWT, Assertion: alf.Assertion{Key: alf.KeyFile(path)},
	})
	resp, _ := get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)

	// The same key, held by caller else.
	client = newClient(t, alf.Config{
		Issuer: auth.URL, ClientID: testID,
		AuthStyle: alf.AuthPrivateKeyJWT, Assertion: alf.Assertion{Key: alf.KeySigner(private, "k")},
	})
	resp, _ = get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)
}

func TestS10_EveryFieldOfTheFetcherIsExcludedByOneOfOnesOwn(t *testing.T) {
	for field, cfg := range map[string]alf.Config{
		"Issuer":             {Issuer: "https://h"},
		"Resource":           {Resource: []string{"urn:x"}},
		"Assertion.Key":      {Assertion: alf.Assertion{Key: keys.Of(newKey(t))}},
		"Assertion.Audience": {Assertion: alf.Assertion{Audience: "x"}},
		"Assertion.Lifetime": {Assertion: alf.Assertion{Lifetime: time.Minute}},
		"Assertion.Source":   {Assertion: alf.Assertion{Source: alf.Secret("x")}},
	} {
		cfg.Manager = &fakeSource{}
		_, err := alf.New(cfg)
		require.ErrorContains(t, err, field+": excluded by Manager")
	}
}

func TestF1_AKeyFilesIDAndTheAudienceOfAnAssertion(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(newPrivateKey(t))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	for audience, want := range map[string]string{alf.AudienceTokenEndpoint: "https://idp.example.com/token", alf.AudienceIssuer: "https://idp.example.com"} {
		var sent *jose.JSONWebSignature
		transport := roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet {
				return respond(req, 200, `{"issuer":"https://idp.example.com","token_endpoint":"https://idp.example.com/token"}`), nil
			}
			require.NoError(t, req.ParseForm())
			sent, err = jose.ParseSignedCompact(req.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
			require.NoError(t, err)
			return respond(req, 200, `{"access_token":"t","token_type":"Bearer"}`), nil
		})
		client := newClient(t, alf.Config{
			Issuer: "https://idp.example.com", ClientID: testID, AuthStyle: alf.AuthPrivateKeyJWT,
			Assertion:    alf.Assertion{Key: alf.KeyFileWithID(path, "the-kid"), Audience: audience},
			TokenRequest: alf.TokenRequest{Transport: transport},
		})
		_, err := client.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "the-kid", sent.Signatures[0].Protected.KeyID)
		require.Contains(t, string(sent.UnsafePayloadWithoutVerification()), `"aud":"`+want+`"`)
	}
}
