package apache_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/apache"
	"github.com/alf-go/alf/interop/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, trust apache.Trust) *apache.Server {
	t.Helper()
	lab.Require(t, "Apache with mod_oauth2", apache.Missing())
	s, err := apache.Start(t.Context(), t.TempDir(), trust)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// What the challenges say.
const (
	asked        = `Bearer error="invalid_request", error_description="No bearer token found in the request."`
	invalid      = `Bearer error="invalid_token", error_description="Token could not be verified."`
	insufficient = `Bearer error="insufficient_scope", error_description="Different scope(s) or other claims required."`
)

func TestTokensThatNeedNoProof(t *testing.T) {
	issuer := newIssuer(t, "api:1", `q%:"$\ß & more`)
	s := start(t, issuer.trust(t))
	t.Log(apache.Version())
	good := issuer.token(t, nil)
	expired := issuer.token(t, map[string]any{"exp": time.Now().Add(-2 * time.Second).Unix()})
	writes := issuer.token(t, map[string]any{"scope": apache.MissingScope})
	strange := newIssuer(t, "", "").token(t, nil)

	for _, test := range []struct {
		kind      apache.Kind
		token     string
		challenge string // "" for none, and a token that is taken
	}{
		{apache.Opaque, "", asked},
		{apache.Opaque, "unknown", invalid},
		{apache.Opaque, opened, ""},
		{apache.JWT, "", asked},
		{apache.JWT, "unknown", invalid},
		{apache.JWT, expired, invalid},
		{apache.JWT, strange, invalid},
		{apache.JWT, good, ""},
		{apache.Scope, "unknown", invalid},
		{apache.Scope, good, insufficient},
		{apache.Scope, writes, ""},
	} {
		resp := call(t, issuer.Client(), request(t, s.URL(test.kind), bearer(test.token)))
		requireChallenge(t, test.challenge, resp, "%+v\n%s", test, s.Log())
	}
}

// The client's tests lean on this: a token is refused from the moment on when its key is gone.
func TestKeysAreNotRemembered(t *testing.T) {
	issuer := newIssuer(t, "api", "secret")
	s := start(t, issuer.trust(t))
	for range 3 {
		token := issuer.token(t, nil)
		requireChallenge(t, "", call(t, issuer.Client(), request(t, s.URL(apache.JWT), bearer(token))))
		issuer.changeKey(t)
		requireChallenge(t, invalid, call(t, issuer.Client(), request(t, s.URL(apache.JWT), bearer(token))))
	}
}

func TestTokensThatAreBoundToAKey(t *testing.T) {
	issuer := newIssuer(t, "api", "secret")
	s := start(t, issuer.trust(t))
	key, other := newKey(t), newKey(t)
	thumbprint, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
	require.NoError(t, err)
	token := issuer.token(t, confirmed("jkt", encode(thumbprint)))
	target, now := s.URL(apache.DPoP), time.Now()
	const method = http.MethodGet
	used := proof(t, key, method, target, token, now)

	for _, test := range []struct {
		name, token, proof, challenge string
	}{
		{"right", token, used, ""},
		{"used before", token, used, invalid},
		{"without", token, "", invalid},
		{"of another key", token, proof(t, other, method, target, token, now), invalid},
		{"for another path", token, proof(t, key, method, target+"2", token, now), invalid},
		{"for another host", token, proof(t, key, method, "https://api.example.com/dpop", token, now), invalid},
		{"for another method", token, proof(t, key, http.MethodPost, target, token, now), invalid},
		{"old", token, proof(t, key, method, target, token, now.Add(-time.Minute)), invalid},
		{"for a token that is not bound", issuer.token(t, nil), proof(t, key, method, target, token, now), invalid},
		{"right again", token, proof(t, key, method, target, token, now), ""},
	} {
		req := request(t, target, "DPoP "+test.token)
		if test.proof != "" {
			req.Header.Set("DPoP", test.proof)
		}
		requireChallenge(t, test.challenge, call(t, issuer.Client(), req), "%s\n%s", test.name, s.Log())
	}
	req := request(t, target, bearer(token))
	req.Header.Set("DPoP", proof(t, key, method, target, token, now))
	requireChallenge(t, asked, call(t, issuer.Client(), req), "as a Bearer token")
}

func TestTokensThatAreBoundToACertificate(t *testing.T) {
	issuer := newIssuer(t, "api", "secret")
	s := start(t, issuer.trust(t))
	right, other := newCertificate(t), newCertificate(t)
	hash := sha256.Sum256(right.Certificate[0])
	token := issuer.token(t, confirmed("x5t#S256", encode(hash[:])))

	for _, test := range []struct {
		name      string
		token     string
		shown     []tls.Certificate
		challenge string
	}{
		{"right", token, []tls.Certificate{right}, ""},
		{"without", token, nil, invalid},
		{"another", token, []tls.Certificate{other}, invalid},
		{"with a token that is not bound", issuer.token(t, nil), []tls.Certificate{right}, invalid},
	} {
		transport := issuer.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.Certificates = test.shown
		t.Cleanup(transport.CloseIdleConnections)
		resp := call(t, &http.Client{Transport: transport}, request(t, s.URL(apache.Certificate), bearer(test.token)))
		requireChallenge(t, test.challenge, resp, "%s\n%s", test.name, s.Log())
	}
}

func TestAnIntrospectionThatFails(t *testing.T) {
	issuer := newIssuer(t, "api", "right")
	trust := issuer.trust(t)
	trust.Secret = "wrong"
	s := start(t, trust)
	requireChallenge(t, invalid, call(t, issuer.Client(), request(t, s.URL(apache.Opaque), bearer(opened))))
}

func TestItEndsWithItsInput(t *testing.T) {
	issuer := newIssuer(t, "api", "secret")
	s := start(t, issuer.trust(t))
	requireChallenge(t, asked, call(t, issuer.Client(), request(t, s.URL(apache.JWT), "")))
	s.Close()
	_, err := issuer.Client().Get(s.URL(apache.JWT))
	require.Error(t, err)
}

func TestAConfigurationThatDoesNotWork(t *testing.T) {
	trust := newIssuer(t, "api", "secret").trust(t)
	start(t, trust)
	trust.Certificate = []byte("no certificate")
	_, err := apache.Start(t.Context(), t.TempDir(), trust)
	require.ErrorContains(t, err, "apache.pem")
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

// request asks for url; authorization "": without one.
func request(t *testing.T, url, authorization string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	return req
}

func call(t *testing.T, client *http.Client, req *http.Request) *http.Response {
	t.Helper()
	resp, err := client.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp
}

// requireChallenge expects a 401 with a challenge, or a 200 for none.
func requireChallenge(t *testing.T, challenge string, resp *http.Response, why ...any) {
	t.Helper()
	status, challenges := http.StatusOK, []string(nil)
	if challenge != "" {
		status, challenges = http.StatusUnauthorized, []string{challenge}
	}
	require.Equal(t, status, resp.StatusCode, why...)
	require.Equal(t, challenges, resp.Header.Values("WWW-Authenticate"), why...)
}
