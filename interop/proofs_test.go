package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// captured is a request as a server saw it.
type captured struct {
	path   string
	header http.Header
	form   url.Values
}

// capture is a token endpoint and an API that remember what they were sent, and respond as they are set to.
type capture struct {
	*httptest.Server
	mu   sync.Mutex
	seen []captured
}

// newCapture responds to the n-th request, from 0, to each path with respond.
func newCapture(t *testing.T, respond func(w http.ResponseWriter, path string, n int)) *capture {
	t.Helper()
	c := new(capture)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		c.mu.Lock()
		n := len(c.to(r.URL.Path))
		c.seen = append(c.seen, captured{r.URL.Path, r.Header.Clone(), r.PostForm})
		c.mu.Unlock()
		respond(w, r.URL.Path, n)
	}))
	t.Cleanup(c.Close)
	return c
}

// to lists the requests to a path.
func (c *capture) to(path string) (seen []captured) {
	for _, one := range c.seen {
		if one.path == path {
			seen = append(seen, one)
		}
	}
	return seen
}

const opaque = "a-token"

func giveToken(w http.ResponseWriter, tokenType string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": %q, "token_type": %q, "expires_in": 300}`, opaque, tokenType)
}

// decode verifies a JWT by key, or by the one in its header, and returns header and claims as they are in the text.
func decode(t *testing.T, signed string, key any) (header, claims map[string]any) {
	t.Helper()
	parsed, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.HS256})
	require.NoError(t, err)
	if key == nil {
		key = parsed.Headers[0].JSONWebKey.Key
	}
	require.NoError(t, parsed.Claims(key, &claims))
	first, _, _ := strings.Cut(signed, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &header))
	return header, claims
}

// seconds is a NumericDate, which has to be a whole number.
func seconds(t *testing.T, claim any) time.Time {
	t.Helper()
	number, ok := claim.(float64)
	require.True(t, ok, "%v is no number", claim)
	require.Equal(t, float64(int64(number)), number)
	return time.Unix(int64(number), 0)
}

// fresh fails the test if a jti was seen before.
func fresh(t *testing.T, used map[any]bool, jti any) {
	t.Helper()
	require.NotEmpty(t, jti)
	require.False(t, used[jti], "jti %v is used again", jti)
	used[jti] = true
}

func TestF1_EveryAttemptHasAnAssertionOfItsOwn(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	const secret = "a secret of more than thirty-two bytes"
	for name, c := range map[string]struct {
		set    func(*alf.Config)
		verify any
		alg    string
		kid    any
	}{
		"private_key_jwt": {func(cfg *alf.Config) {
			cfg.AuthStyle, cfg.Assertion.Key = alf.AuthPrivateKeyJWT, alf.KeySigner(key, "key-1")
		}, key.Public(), "ES256", "key-1"},
		"client_secret_jwt": {func(cfg *alf.Config) {
			cfg.AuthStyle, cfg.ClientSecret = alf.AuthSecretJWT, alf.Secret(secret)
		}, []byte(secret), "HS256", nil},
	} {
		t.Run(name, func(t *testing.T) {
			server := newCapture(t, func(w http.ResponseWriter, _ string, n int) {
				if n < 2 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				giveToken(w, "Bearer")
			})
			cfg := alf.Config{TokenURL: server.URL + "/token", ClientID: "orders"}
			c.set(&cfg)
			client, err := alf.New(cfg)
			require.NoError(t, err)
			defer client.Close()
			_, err = client.Token(t.Context())
			require.NoError(t, err)

			used := map[any]bool{}
			attempts := server.to("/token")
			require.Len(t, attempts, 3)
			for _, attempt := range attempts {
				require.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", attempt.form.Get("client_assertion_type"))
				require.Empty(t, attempt.header.Get("Authorization"))
				require.NotContains(t, attempt.form, "client_secret")
				header, claims := decode(t, attempt.form.Get("client_assertion"), c.verify)
				require.Equal(t, c.alg, header["alg"])
				require.Equal(t, c.kid, header["kid"])
				require.Equal(t, "orders", claims["iss"])
				require.Equal(t, "orders", claims["sub"])
				require.Equal(t, server.URL+"/token", claims["aud"])
				issued, expires := seconds(t, claims["iat"]), seconds(t, claims["exp"])
				// F6: backdated by 10 s, for servers whose clock is behind; it expires a minute from now nevertheless.
				require.WithinDuration(t, time.Now().Add(-10*time.Second), issued, 10*time.Second)
				require.Equal(t, time.Minute+10*time.Second, expires.Sub(issued))
				fresh(t, used, claims["jti"])
			}
		})
	}
}

func TestDPoP_EveryRequestHasAProofOfItsOwn(t *testing.T) {
	server := newCapture(t, func(w http.ResponseWriter, path string, n int) {
		switch {
		case n > 0 && path == "/token":
			giveToken(w, "DPoP")
		case n > 0:
		case path == "/token":
			w.Header().Set("DPoP-Nonce", "from-the-endpoint")
			http.Error(w, `{"error": "use_dpop_nonce"}`, http.StatusBadRequest)
		default:
			w.Header().Set("DPoP-Nonce", "from-the-API")
			w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	client, err := alf.New(alf.Config{
		TokenURL: server.URL + "/token", ClientID: "orders", ClientSecret: alf.Secret("secret"), DPoP: new(alf.DPoP),
	})
	require.NoError(t, err)
	defer client.Close()
	for range 2 {
		resp, err := client.Get(server.URL + "/stock/tea%20green?unit=g#leaf")
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}

	tokens, requests := server.to("/token"), server.to("/stock/tea green")
	require.Len(t, tokens, 2)
	require.Len(t, requests, 3)
	used, thumbprints := map[any]bool{}, map[string]bool{}
	check := func(r captured, method, target string, ath, nonce any) {
		t.Helper()
		require.Len(t, r.header.Values("DPoP"), 1)
		header, claims := decode(t, r.header.Get("DPoP"), nil)
		require.Equal(t, "dpop+jwt", header["typ"])
		require.Equal(t, "ES256", header["alg"])
		key, err := json.Marshal(header["jwk"])
		require.NoError(t, err)
		var jwk jose.JSONWebKey
		require.NoError(t, json.Unmarshal(key, &jwk))
		require.True(t, jwk.IsPublic())
		require.ElementsMatch(t, []string{"kty", "crv", "x", "y"}, keysOf(header["jwk"].(map[string]any)))
		thumbprint, err := jwk.Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		thumbprints[string(thumbprint)] = true
		require.Equal(t, method, claims["htm"])
		require.Equal(t, target, claims["htu"])
		require.WithinDuration(t, time.Now().Add(-5*time.Second), seconds(t, claims["iat"]), 10*time.Second)
		require.Equal(t, ath, claims["ath"])
		require.Equal(t, nonce, claims["nonce"])
		fresh(t, used, claims["jti"])
	}
	check(tokens[0], "POST", server.URL+"/token", nil, nil)
	check(tokens[1], "POST", server.URL+"/token", nil, "from-the-endpoint")
	sum := sha256.Sum256([]byte(opaque))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	api := server.URL + "/stock/tea%20green"
	// One origin, one nonce: until the API says otherwise it gets the endpoint's, which is at the same address here.
	check(requests[0], "GET", api, ath, "from-the-endpoint")
	check(requests[1], "GET", api, ath, "from-the-API")
	check(requests[2], "GET", api, ath, "from-the-API")
	for _, r := range requests {
		require.Equal(t, "DPoP "+opaque, r.header.Get("Authorization"))
	}
	require.Len(t, thumbprints, 1, "one key")
}

func keysOf(m map[string]any) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
