package fetcher_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
)

const longSecret = "a secret of 64 bytes, which is enough for any HMAC, even HS512's"

func newKey(tb testing.TB, id string) *keys.Key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	key, err := keys.New(private, id, "")
	require.NoError(tb, err)
	return key
}

// signing is a configuration with a key of its own.
func signing(tb testing.TB, rt http.RoundTripper) (fetcher.Config, *keys.Key) {
	key := newKey(tb, "key-1")
	cfg := config(rt)
	cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.PrivateKeyJWT
	cfg.Assertion.Key = keys.Of(key)
	return cfg, key
}

// forms is a token endpoint that keeps the forms it was sent, and has responses in turn, the last of which is repeated.
type forms struct {
	sent      []url.Values
	headers   []http.Header
	responses []string
}

func (f *forms) RoundTrip(r *http.Request) (*http.Response, error) {
	form, err := readForm(r)
	if err != nil {
		return nil, err
	}
	f.sent, f.headers = append(f.sent, form), append(f.headers, r.Header)
	response := f.responses[0]
	if len(f.responses) > 1 {
		f.responses = f.responses[1:]
	}
	status, body, _ := strings.Cut(response, " ")
	if status == "200" {
		return reply(200, body), nil
	}
	return reply(400, body), nil
}

func readForm(r *http.Request) (url.Values, error) {
	var body strings.Builder
	if _, err := copyAll(&body, r.Body); err != nil {
		return nil, err
	}
	return url.ParseQuery(body.String())
}

// claims verifies an assertion and takes it apart.
func claims(tb testing.TB, assertion string, key any) (header jose.Header, payload map[string]any) {
	parsed, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256, jose.HS256, jose.HS512})
	require.NoError(tb, err)
	text, err := parsed.Verify(key)
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(text, &payload))
	return parsed.Signatures[0].Protected, payload
}

func publicOf(tb testing.TB, key *keys.Key) jose.JSONWebKey {
	var jwk jose.JSONWebKey
	require.NoError(tb, jwk.UnmarshalJSON(key.PublicJWK()))
	return jwk
}

func TestF1_PrivateKeyJWT(t *testing.T) {
	endpoint := &forms{responses: []string{"200 " + good}}
	cfg, key := signing(t, endpoint)
	mock := clock.NewMock()
	mock.Set(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	for range 2 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
	}
	ids := map[any]bool{}
	for i, form := range endpoint.sent {
		require.Empty(t, endpoint.headers[i]["Authorization"])
		header, payload := claims(t, form.Get("client_assertion"), publicOf(t, key))
		require.Equal(t, "key-1", header.KeyID)
		require.Equal(t, "ES256", header.Algorithm)
		require.NotContains(t, header.ExtraHeaders, jose.HeaderType)
		ids[payload["jti"]] = true
		delete(payload, "jti")
		require.Equal(t, map[string]any{
			"iss": clientID, "sub": clientID, "aud": "https://idp.example.com/token",
			"iat": float64(mock.Now().Unix() - 10), "nbf": float64(mock.Now().Unix() - 10), "exp": float64(mock.Now().Add(time.Minute).Unix()),
		}, payload)
		form.Del("client_assertion")
		require.Equal(t, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}, form)
	}
	require.Len(t, ids, 2, "each has a jti of its own")
}

func TestF1_TheSettingsOfAnAssertion(t *testing.T) {
	endpoint := &forms{responses: []string{"200 " + good}}
	cfg := config(endpoint)
	cfg.ClientSecret, cfg.AuthStyle = fetcher.Secret(longSecret), fetcher.SecretJWT
	cfg.Assertion = fetcher.Assertion{
		Audience: "https://issuer.example.com", Algorithm: "HS512", Type: "client-authentication+jwt",
		Lifetime: 10 * time.Second, Format: "urn:example:format",
	}
	mustFetch(t, cfg)
	form := endpoint.sent[0]
	header, payload := claims(t, form.Get("client_assertion"), []byte(longSecret))
	require.Equal(t, "HS512", header.Algorithm)
	require.Equal(t, "client-authentication+jwt", header.ExtraHeaders[jose.HeaderType])
	require.Equal(t, "https://issuer.example.com", payload["aud"])
	require.Equal(t, 10.0+10, payload["exp"].(float64)-payload["iat"].(float64), "F6: it is backdated")
	require.Equal(t, "urn:example:format", form.Get("client_assertion_type"))
	require.NotContains(t, form, "client_secret")

	cfg.Assertion = fetcher.Assertion{}
	mustFetch(t, cfg)
	header, _ = claims(t, endpoint.sent[1].Get("client_assertion"), []byte(longSecret))
	require.Equal(t, "HS256", header.Algorithm)
}

func TestF1_ASecretTooShortToSignWith(t *testing.T) {
	cfg := config(always(200, good))
	cfg.ClientSecret, cfg.AuthStyle = fetcher.Secret("hidden"), fetcher.SecretJWT
	e := mustFail(t, cfg)
	require.ErrorIs(t, e, fetcher.ErrUnsent)
	require.ErrorContains(t, e, "no request was sent: the client secret has 6 bytes, and HS256 needs 32: register a longer one")
	require.NotContains(t, everything(t, e), "hidden")
}

func TestF4_AnExternalAssertionIsReadEveryTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(path, []byte("header.first.signature\n"), 0o600))
	endpoint := &forms{responses: []string{"200 " + good}}
	cfg := config(endpoint)
	cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.ExternalAssertion
	cfg.Assertion.Source = fetcher.SecretFile(path)
	f := newFetcher(t, cfg)
	for i, content := range []string{"header.first.signature", "header.second.signature"} {
		require.NoError(t, os.WriteFile(path, []byte(content+"\n"), 0o600))
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		require.Equal(t, content, endpoint.sent[i].Get("client_assertion"))
		require.Equal(t, clientID, endpoint.sent[i].Get("client_id"))
	}
	require.NoError(t, os.Remove(path))
	_, err := f.Fetch(context.Background())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "no request was sent, the client assertion could not be read")
}

// A key that was replaced while its predecessor was in use is picked up at once.
func TestF4_ARefusedKeyIsReadAgain(t *testing.T) {
	endpoint := &forms{responses: []string{`400 {"error":"invalid_client"}`, "200 " + good}}
	cfg, before := signing(t, endpoint)
	after := newKey(t, "key-2")
	reads := 0
	cfg.Assertion.Key = func(context.Context) (*keys.Key, error) {
		reads++
		if reads == 1 {
			return before, nil
		}
		return after, nil
	}
	mustFetch(t, cfg)
	require.Len(t, endpoint.sent, 2)
	header, _ := claims(t, endpoint.sent[1].Get("client_assertion"), publicOf(t, after))
	require.Equal(t, "key-2", header.KeyID)

	endpoint.responses = []string{`400 {"error":"invalid_client"}`}
	cfg.Assertion.Key = keys.Of(before)
	e := mustFail(t, cfg)
	require.Len(t, endpoint.sent, 3, "the same key would be refused again")
	require.True(t, e.Permanent())
	require.Contains(t, e.Hint, `is the public key registered for private_key_jwt with ES256, under the kid "key-1"? `+
		`Or set Assertion.Audience to the server's issuer if the server wants that instead of "https://idp.example.com/token"`)
}

func TestF1_AKeyThatCannotBeReadOrUsed(t *testing.T) {
	cause := errors.New("the vault is sealed")
	cfg, key := signing(t, always(200, good))
	cfg.Assertion.Key = func(context.Context) (*keys.Key, error) { return nil, cause }
	e := mustFail(t, cfg)
	require.ErrorIs(t, e, cause)
	require.ErrorIs(t, e, fetcher.ErrUnsent)
	cfg.Assertion.Key = func(context.Context) (*keys.Key, error) { return nil, nil }
	require.ErrorContains(t, mustFail(t, cfg), "the key of the client assertion could not be read: there is none")
	cfg.Assertion.Key, cfg.Assertion.Algorithm = keys.Of(key), "PS256"
	require.ErrorContains(t, mustFail(t, cfg), "an EC key on P-256 cannot sign with PS256: use ES256, or another key")
}

// An assertion is as good as the secret for as long as it lives.
func TestM19_AnAssertionThatComesBackIsRedacted(t *testing.T) {
	var sent string
	cfg, _ := signing(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		form, err := readForm(r)
		sent = form.Get("client_assertion")
		return reply(400, `{"error":"invalid_request","error_description":"cannot read `+sent+`"}`, "X-Echo", sent), err
	}))
	e := mustFail(t, cfg)
	require.NotEmpty(t, sent)
	require.NotContains(t, everything(t, e), sent)
	require.Contains(t, e.Description, "cannot read")
}

func TestF1_AClockThatIsOffIsNamed(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for date, want := range map[string]string{
		"Sun, 01 Mar 2026 12:05:00 GMT": "the server's clock is 5m0s ahead of this one's: correct the wrong one; else: is the public key",
		"Sun, 01 Mar 2026 11:00:00 GMT": "the server's clock is 1h0m0s behind this one's",
		"Sun, 01 Mar 2026 12:00:03 GMT": "the server's clock is 3s ahead of this one's",
		"Sun, 01 Mar 2026 12:00:02 GMT": "is the public key registered",
		"yesterday":                     "is the public key registered",
	} {
		cfg, _ := signing(t, always(401, `{"error":"invalid_client"}`, "Date", date))
		cfg.Clock = mock
		require.True(t, strings.HasPrefix(mustFail(t, cfg).Hint, want), date)
	}
}

func TestF4_AnotherKeyOrAnotherKidIsAChange(t *testing.T) {
	before := newKey(t, "same")
	for name, after := range map[string]*keys.Key{"key": newKey(t, "same"), "kid": before.WithID("other")} {
		endpoint := &forms{responses: []string{`400 {"error":"invalid_client"}`, "200 " + good}}
		cfg, _ := signing(t, endpoint)
		reads := 0
		cfg.Assertion.Key = func(context.Context) (*keys.Key, error) {
			if reads++; reads == 1 {
				return before, nil
			}
			return after, nil
		}
		mustFetch(t, cfg)
		require.Len(t, endpoint.sent, 2, name)
	}
}

func TestF1_AssertionsThatCannotBeMeant(t *testing.T) {
	for want, change := range map[string]func(*fetcher.Config){
		`Header: "dpop" is set by the fetcher`:                  func(c *fetcher.Config) { c.TokenRequest.Header = http.Header{"dpop": {"x"}} },
		"Assertion.Lifetime: 500ms is not whole seconds":        func(c *fetcher.Config) { c.Assertion.Lifetime = 500 * time.Millisecond },
		"Assertion.Lifetime: 2h0m0s is not whole seconds":       func(c *fetcher.Config) { c.Assertion.Lifetime = 2 * time.Hour },
		"Assertion.Lifetime: 1.5s is not whole seconds":         func(c *fetcher.Config) { c.Assertion.Lifetime = 1500 * time.Millisecond },
		"Assertion.Lifetime: -1s is not whole seconds":          func(c *fetcher.Config) { c.Assertion.Lifetime = -time.Second },
		"Assertion.Audience: not used by AuthStyle":             func(c *fetcher.Config) { c.Assertion.Audience = "x" },
		"Assertion.Algorithm: not used by AuthStyle":            func(c *fetcher.Config) { c.Assertion.Algorithm = "RS256" },
		"Assertion.Type: not used by AuthStyle":                 func(c *fetcher.Config) { c.Assertion.Type = "x" },
		"Assertion.Lifetime: not used by AuthStyle":             func(c *fetcher.Config) { c.Assertion.Lifetime = time.Minute },
		"Assertion.Format: not used by AuthStyle":               func(c *fetcher.Config) { c.Assertion.Format = "x" },
		"Resource[0]: not an absolute URI":                      func(c *fetcher.Config) { c.Resource = []string{"api"} },
		"Resource[1]: not an absolute URI without fragment":     func(c *fetcher.Config) { c.Resource = []string{"urn:x", "https://h/#f"} },
		`Params: "client_assertion" is set by the fetcher`:      func(c *fetcher.Config) { c.Params = map[string][]string{"client_assertion": {"x"}} },
		`Params: "client_assertion_type" is set by the fetcher`: func(c *fetcher.Config) { c.Params = map[string][]string{"client_assertion_type": {"x"}} },
		`Params: "resource" is set by the fetcher`:              func(c *fetcher.Config) { c.Params = map[string][]string{"resource": {"x"}} },
		`Params: "audience" is set by the fetcher`:              func(c *fetcher.Config) { c.Params = map[string][]string{"audience": {"x"}} },
	} {
		cfg := config(nil)
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

func TestF1_ResourceIsCopied(t *testing.T) {
	endpoint := &forms{responses: []string{"200 " + good}}
	cfg := config(endpoint)
	cfg.Resource = []string{"https://api.example.com/"}
	f := newFetcher(t, cfg)
	cfg.Resource[0] = "https://evil.example.com/"
	_, err := f.Fetch(context.Background())
	require.NoError(t, err)
	require.Equal(t, "https://api.example.com/", endpoint.sent[0].Get("resource"))
}

func TestM19_TheQueryOfTokenURLIsNotInAHint(t *testing.T) {
	for name, style := range map[string]fetcher.AuthStyle{"key": fetcher.PrivateKeyJWT, "secret": fetcher.SecretJWT} {
		cfg, _ := signing(t, always(401, `{"error":"invalid_client"}`))
		if style == fetcher.SecretJWT {
			cfg.Assertion.Key, cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.Secret(longSecret), style
		}
		cfg.TokenURL += "?api_key=SESAME"
		require.NotContains(t, everything(t, mustFail(t, cfg)), "SESAME", name)
	}
}

// Run with -race: what is common to all requests is written by none.
func TestF1_FetchesMayBeConcurrent(t *testing.T) {
	cfg := config(always(200, good))
	cfg.AuthStyle = fetcher.Post
	f := newFetcher(t, cfg)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, err := f.Fetch(context.Background()); require.NoError(t, err) })
	}
	all.Wait()
}
