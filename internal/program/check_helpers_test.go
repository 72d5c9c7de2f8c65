package program

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const theSignature = "c2lnbmF0dXJlLW9mLXRoZS1zZXJ2ZXI"

// jwtOf makes one without a signature.
func jwtOf(claims map[string]any) string {
	content, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"at+jwt","kid":"2025"}`)) + "." + encode(content) + "." + theSignature
}

// place is an authorization server and an API, each as a test wants it.
type place struct {
	tls      bool
	token    http.HandlerFunc         // nil: the claims in a JWT
	claims   map[string]any           // nil: ordinary ones
	metadata func(self string) string // nil: there are none
	// failingMetadata is what the well-known locations respond with in place of metadata.
	failingMetadata func(http.ResponseWriter)
	api             http.HandlerFunc  // nil: says yes
	env             map[string]string // on top
}

func ordinaryClaims() map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": "https://idp.example.com", "sub": "me", "aud": []string{"https://api.example.com"}, "scope": "read",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// grant responds with a token, whatever the client.
func grant(value, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600%s}`, value, more)
	}
}

// deny responds with an OAuth error.
func deny(status int, code, description string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, description)
	}
}

func refuse(status int, challenge string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("WWW-Authenticate", challenge)
		w.WriteHeader(status)
	}
}

func (p place) start(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	var s *httptest.Server
	if p.tls {
		s = secure(t, mux)
	} else {
		s = httptest.NewServer(mux)
		t.Cleanup(s.Close)
	}
	if p.token == nil {
		p.token = grant(jwtOf(p.claims), "")
	}
	mux.HandleFunc("POST /token", p.token)
	if p.metadata != nil {
		mux.HandleFunc("/.well-known/", func(w http.ResponseWriter, r *http.Request) {
			switch {
			case p.failingMetadata != nil:
				p.failingMetadata(w)
			case r.URL.Path == "/.well-known/oauth-authorization-server":
				io.WriteString(w, p.metadata(s.URL))
			default:
				http.NotFound(w, r)
			}
		})
	}
	if p.api == nil {
		p.api = func(w http.ResponseWriter, r *http.Request) {}
	}
	mux.HandleFunc("/api", p.api)
	return s
}

// check runs the command against the place. Nothing of a token is ever printed.
func (p place) check(t *testing.T, args ...string) result {
	t.Helper()
	if p.claims == nil {
		p.claims = ordinaryClaims()
	}
	s := p.start(t)
	env := map[string]string{"ALF_TOKEN_URL": s.URL + "/token", "ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret}
	if p.metadata != nil {
		delete(env, "ALF_TOKEN_URL")
		env["ALF_ISSUER"] = s.URL
	}
	if p.tls {
		env["ALF_CA_FILE"] = certificate(t, s)
	}
	maps.Copy(env, p.env)
	for i := range args {
		u, err := url.Parse(s.URL)
		require.NoError(t, err)
		args[i] = strings.NewReplacer("SELF", s.URL, "HOST", u.Host, "PORT", u.Port()).Replace(args[i])
	}
	r := alfIn(t, invocation{env: env}, append([]string{"check"}, args...)...)
	for _, secret := range append(strings.Split(jwtOf(p.claims), "."), "opaque-token-of-the-server") {
		require.NotContains(t, r.out+r.err, secret)
	}
	return r
}

// metadataWith are what an issuer says of itself.
func metadataWith(more string) func(string) string {
	return func(self string) string {
		return fmt.Sprintf(`{"issuer":%q,"token_endpoint":%q%s}`, self, self+"/token", more)
	}
}

// diagnosed is a place with something wrong, and what the command has to say of it.
type diagnosed struct {
	place
	args   []string
	code   int // -1: any
	says   []string
	silent []string // what must not be said
	step   string   // the failing step; "" if none fails
}

func (d diagnosed) test(t *testing.T) {
	r := d.check(t, d.args...)
	if d.code >= 0 {
		require.Equal(t, d.code, r.code, r.out+r.err)
	}
	for _, words := range d.says {
		require.Contains(t, r.out, words)
	}
	for _, words := range d.silent {
		require.NotContains(t, r.out, words)
	}
	if d.step == "" {
		require.NotContains(t, r.out, "✗")
		return
	}
	require.Contains(t, r.out, "✗ "+d.step+" ")
	require.Equal(t, "alf: the check failed: "+d.step+"\n", r.err)
	_, after, _ := strings.Cut(r.out, "✗ ")
	require.Contains(t, after, "cause:  ", "always")
	require.Contains(t, after, "remedy: ", "always")
	require.NotContains(t, after, "✓", "nothing is done after a failure")
}
