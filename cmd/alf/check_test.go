package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
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

	"github.com/alf-go/alf/keys"
)

const theSignature = "c2lnbmF0dXJlLW9mLXRoZS1zZXJ2ZXI"

// jwtOf makes one that nobody signed.
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
	api      http.HandlerFunc         // nil: says yes
	env      map[string]string        // on top
}

func ordinaryClaims() map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": "https://idp.example.com", "sub": "me", "aud": []string{"https://api.example.com"}, "scope": "read",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// grant answers with a token, as if there was nobody to refuse.
func grant(value, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600%s}`, value, more)
	}
}

// deny answers an OAuth error.
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
		mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, p.metadata(s.URL)) })
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

func TestCheck_AllIsWell(t *testing.T) {
	claims := ordinaryClaims()
	p := place{
		tls:      true,
		claims:   claims,
		metadata: metadataWith(`,"token_endpoint_auth_methods_supported":["client_secret_basic"],"scopes_supported":["read"]`),
		api: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+jwtOf(claims) {
				w.WriteHeader(http.StatusTeapot)
			}
		},
	}
	r := p.check(t, "--api", "SELF/api?key=hidden", "--scope", "read", "--audience", "https://api.example.com")
	require.Equal(t, exitOK, r.code, r.out)
	require.Empty(t, r.err)
	for _, line := range []string{
		"✓ settings     https://127.0.0.1:", `client "me", by client_secret_basic`, "scope: read", "audience: https://api.example.com",
		"✓ proof        ready\n", "secret: from ALF_CLIENT_SECRET\n",
		"✓ name         127.0.0.1 is an address\n", "✓ connection   to 127.0.0.1:", "✓ TLS          TLS 1.3, certificate of example.com by O=Acme Co\n",
		"valid until 2084-", "✓ HTTP         answers in ", "✓ clock        agrees with the server's to 1 second\n",
		"✓ metadata     the token endpoint is https://127.0.0.1:", "clients prove themselves by: client_secret_basic\n",
		"✓ authenticate a token in ", "✓ token        Bearer, for 60 minutes\n",
		"header: alg RS256, typ at+jwt, kid 2025\n", "iss       https://idp.example.com\n", "sub       me\n", "aud       https://api.example.com\n",
		"scope     read\n", "iat       20", "exp       20", ", in 60 minutes\n",
		"✓ API          200 OK from https://127.0.0.1:",
	} {
		require.Contains(t, r.out, line)
	}
	require.NotContains(t, r.out, "hidden")
	require.NotContains(t, r.out, "!")
	require.NotContains(t, r.out, "cause")
}

// Whoever looks for a step that is left out finds none.
func TestCheck_OnlyStepsThatApply(t *testing.T) {
	r := place{}.check(t)
	require.Equal(t, exitOK, r.code, r.out)
	for _, step := range []string{"TLS", "metadata", "API"} {
		require.NotContains(t, r.out, "✓ "+step)
		require.NotContains(t, r.out, "– "+step)
	}
}

func TestCheck_MarksOfOtherLocales(t *testing.T) {
	for value, tick := range map[string]string{"C": "+ ", "de_DE.ISO-8859-1": "+ ", "C.UTF-8": "✓ ", "de_DE.utf8": "✓ "} {
		r := place{env: map[string]string{"LC_ALL": value}}.check(t)
		require.True(t, strings.HasPrefix(r.out, tick+"settings"), r.out)
	}
}

func TestCheck_Interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	i := newIDP(t)
	i.answer = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	require.Equal(t, exitInterrupted, alfIn(t, invocation{env: i.configured(), ctx: ctx}, "check").code)
}

func TestCheck_AnUnwrittenFindingIsAnError(t *testing.T) {
	i := newIDP(t)
	env := i.configured()
	code := run(t.Context(), []string{"alf", "check"}, nil, broken{}, io.Discard, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	require.Equal(t, exitBroken, code)
}

func TestCheck_WrongUse(t *testing.T) {
	for says, args := range map[string][]string{
		"use https://host/path": {"--api", "api.example.com"},
		"unexpected argument":   {"x"},
	} {
		r := alfIn(t, invocation{}, append([]string{"check"}, args...)...)
		require.Equal(t, exitUsage, r.code)
		require.Contains(t, r.err, says)
		require.Empty(t, r.out)
	}
}

// diagnosed is a place with something wrong, and what the command has to say of it.
type diagnosed struct {
	place
	args   []string
	code   int
	says   []string
	silent []string // what must not be said
	step   string   // the failing step; "" if none fails
}

func (d diagnosed) test(t *testing.T) {
	r := d.check(t, d.args...)
	require.Equal(t, d.code, r.code, r.out+r.err)
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
	require.NotContains(t, after, "✓", "nothing is done after a failure")
}

func TestCheck_Settings(t *testing.T) {
	cert := newCertificate(t, time.Now().Add(100*24*time.Hour))
	_, key := newKey(t)
	expired := jwtOf(map[string]any{"iss": "https://ci.example.com", "exp": time.Now().Add(-time.Hour).Unix()})
	for name, d := range map[string]diagnosed{
		"none": {
			args: []string{"--auth-style", "none", "--client-id", "", "--timeout", "-1s"},
			code: exitUsage, step: "settings", says: []string{"3 problems", `"none" does not exist`, "--client-id is missing", "– token        not done"},
		},
		"a library's": {
			args: []string{"--token-url", "http://idp.example.com/token"},
			code: exitUsage, step: "settings", says: []string{"1 problem", `list "idp.example.com" in --allow-http`},
		},
		"a key that does not fit": {
			place: place{tls: true}, args: []string{"--cert-file", cert, "--cert-key-file", key},
			code: exitUsage, step: "settings", says: []string{"does not match", "by --cert-key-file"},
		},
		"an expired certificate": {
			place: place{tls: true}, args: []string{"--auth-style", "tls_client_auth", "--cert-file", newCertificate(t, time.Now().Add(-time.Hour))},
			code: exitUsage, step: "proof",
			says: []string{"the client certificate has expired", "60 minutes ago", "have a new one issued, and name it by --cert-file"},
		},
		"a certificate of tomorrow": {
			place: place{tls: true}, args: []string{"--cert-file", newCertificate(t, time.Now().AddDate(1, 0, 1))},
			code: exitUsage, step: "proof", says: []string{"the client certificate is not valid yet", "is this machine's clock right?"},
		},
		"a certificate that ends soon": {
			place: place{tls: true}, args: []string{"--cert-file", newCertificate(t, time.Now().Add(time.Hour))},
			code: exitOK, says: []string{"! proof", "the client certificate ends soon", "it is not bound to the client certificate"},
		},
		"an expired assertion": {
			args: []string{"--auth-style", "client_assertion", "--assertion-file", write(t, "jwt", expired)},
			code: exitUsage, step: "proof",
			says: []string{"the assertion has expired", "iss       https://ci.example.com", "have a new one written to "},
		},
		"white space": {
			place: place{env: map[string]string{"ALF_CLIENT_SECRET": theSecret + " "}},
			code:  exitOK, says: []string{"! proof", "the secret begins or ends with white space"},
		},
		"a key": {
			args: []string{"--auth-style", "private_key_jwt", "--key-file", key, "--key-id", "k1"},
			code: exitOK, says: []string{`signs with ES256, kid "k1", thumbprint `}, silent: []string{"secret:"},
		},
	} {
		t.Run(name, d.test)
	}
}

func TestCheck_TheWay(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hanging := make(chan struct{})
	t.Cleanup(func() { close(hanging) })
	for name, d := range map[string]diagnosed{
		"an unknown name": {
			args: []string{"--token-url", "https://idp..invalid/token"},
			code: exitUnreachable, step: "name", says: []string{"idp..invalid is not known", "remedy: is the host in --token-url spelled right?"},
		},
		"nobody there": {
			args: []string{"--token-url", closed.URL},
			code: exitUnreachable, step: "connection", says: []string{"connection refused", "remedy: nothing listens there: is the port in --token-url right"},
		},
		"nobody vouches": {
			place: place{tls: true}, args: []string{"--ca-file", ""},
			code: exitUnreachable, step: "TLS",
			says: []string{`issued by "O=Acme Co", whom this machine does not trust`, "remedy: if that authority is meant, name its certificate by --ca-file"},
		},
		"another host": {
			place: place{tls: true}, args: []string{"--issuer", "https://localhost:PORT"},
			code: exitUnreachable, step: "TLS", says: []string{"not localhost", "remedy: the certificate is for another host: correct the one in --issuer"},
		},
		"not TLS": {
			args: []string{"--token-url", "https://HOST/token"},
			code: exitUnreachable, step: "TLS", says: []string{"does not speak TLS", "is it https, and the port in --token-url right?"},
		},
		"no answer": {
			args: []string{"--token-url", "SELF/api", "--timeout", "250ms"},
			place: place{api: func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-hanging:
				case <-r.Context().Done():
				}
			}},
			code: exitUnreachable, step: "HTTP", says: []string{"no answer within 250ms: allow more by --timeout"},
		},
		"a slow clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(-5*time.Minute, grant("opaque-token-of-the-server", ""))},
			code: exitOK, says: []string{"! clock        the server's clock is 5 minutes behind this machine's", "correct whichever clock is wrong"},
		},
		"a fast clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(40*time.Second, grant("opaque-token-of-the-server", ""))},
			code: exitOK, says: []string{"! clock        the server's clock is 4", "seconds ahead of this machine's"},
		},
		"no clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(0, grant("opaque-token-of-the-server", ""))},
			code: exitOK, says: []string{"– clock        the server does not tell the time"},
		},
	} {
		t.Run(name, d.test)
	}
}

// dated answers at another time than now; at none if it is 0 off.
func dated(off time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if off != 0 {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		}
		next(w, r)
	}
}

func TestCheck_AnExpiredServer(t *testing.T) {
	path := newCertificate(t, time.Now().Add(-time.Hour))
	pair, err := tls.LoadX509KeyPair(path, path)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	diagnosed{
		args: []string{"--token-url", s.URL, "--ca-file", path},
		code: exitUnreachable, step: "TLS",
		says: []string{"the server's certificate is valid from 20", "have its owner replace it, or correct this machine's clock"},
	}.test(t)
}

func TestCheck_ACertificateThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ args, says []string }{
		"wanted":  {nil, []string{"the server may want a client certificate: name one by --cert-file"}},
		"refused": {[]string{"--cert-file", newCertificate(t, time.Now().Add(time.Hour))}, []string{"the server refuses the certificate of --cert-file"}},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprint(name, tls.VersionName(version)), func(t *testing.T) {
				s := httptest.NewUnstartedServer(http.NotFoundHandler())
				s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: version}
				s.Config.ErrorLog = quiet
				s.StartTLS()
				t.Cleanup(s.Close)
				diagnosed{
					args: append([]string{"--token-url", s.URL, "--ca-file", certificate(t, s)}, c.args...),
					code: exitUnreachable, step: "TLS", says: append(c.says, "the handshake failed"),
				}.test(t)
			})
		}
	}
}

func TestCheck_Metadata(t *testing.T) {
	for name, d := range map[string]diagnosed{
		"a trailing slash": {
			place: place{metadata: metadataWith("")}, args: []string{"--issuer", "SELF/"},
			code: exitUsage, step: "metadata", says: []string{"it is that of another issuer", `remedy: set --issuer to "http://127.0.0.1:`, "to the last character"},
		},
		"none": {
			args: []string{"--issuer", "SELF"},
			code: exitDenied, step: "metadata", says: []string{"404 Not Found", "is it the right --issuer? If it has none, set --token-url"},
		},
		"no such method": {
			place: place{metadata: metadataWith(`,"token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"]`)},
			code:  exitUsage, step: "metadata",
			says: []string{"the server does not take client_secret_basic, but private_key_jwt, client_secret_post", "remedy: choose an --auth-style that the server has"},
		},
		"no such grant": {
			place: place{metadata: metadataWith(`,"grant_types_supported":["authorization_code"]`)},
			code:  exitOK, says: []string{"! metadata", "does not list the client_credentials grant"},
		},
		"no such scope": {
			place: place{metadata: metadataWith(`,"scopes_supported":["read"]`)}, args: []string{"--scope", "read", "--scope", "write"},
			code: exitOK, says: []string{"! metadata", "does not list the scope write\n"},
		},
	} {
		t.Run(name, d.test)
	}
}

// clients is a token endpoint that knows one client by its secret, in one spelling of Basic.
func clients(id, secret string, decodes bool, denied func(known bool) http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if decodes {
			user, _ = url.QueryUnescape(user)
			password, _ = url.QueryUnescape(password)
		}
		if user == id && password == secret {
			grant("opaque-token-of-the-server", "")(w, r)
			return
		}
		denied(user == id)(w, r)
	}
}

func TestCheck_Authenticate(t *testing.T) {
	silent := func(bool) http.HandlerFunc { return deny(401, "invalid_client", "no") }
	talkative := func(known bool) http.HandlerFunc {
		if known {
			return deny(401, "invalid_client", "bad secret (trace "+rand.Text()+")")
		}
		return deny(401, "invalid_client", "no such client (trace "+rand.Text()+")")
	}
	numbering := func(bool) http.HandlerFunc {
		return deny(401, "invalid_client", fmt.Sprintf("no (request %d, at %v)", time.Now().UnixNano(), time.Now()))
	}
	reserved := map[string]string{"ALF_CLIENT_SECRET": theSecret + "/+%"}
	quoting := func(known bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			deny(401, "invalid_client", "some message for '"+user+"'")(w, r)
		}
	}
	both := metadataWith(`,"token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"]`)
	for name, d := range map[string]diagnosed{
		"a server that does not decode": {
			place: place{env: reserved, token: clients("me", theSecret+"/+%", false, silent)},
			says:  []string{"the server does not decode what is form-encoded", "remedy: use --auth-style client_secret_basic_raw: with that it works"},
		},
		"a server that decodes": {
			place: place{env: reserved, token: clients("me", theSecret+"/+%", true, silent)}, args: []string{"--auth-style", "client_secret_basic_raw"},
			says: []string{"the server decodes them", "remedy: use --auth-style client_secret_basic: with that it works"},
		},
		"neither spelling": {
			place:  place{env: reserved, token: clients("me", "another", true, talkative)},
			says:   []string{"it is not the reserved characters in id or secret: client_secret_basic_raw is refused as well", "the client is known, the secret is wrong"},
			silent: []string{"if the server does not decode them"},
		},
		"a wrong secret": {
			place: place{token: clients("me", "another", true, talkative)},
			says:  []string{"401 Unauthorized: invalid_client", "bad secret", "cause:  the client is known, the secret is wrong", "client_secret_post"},
		},
		"a wrong id": {
			place: place{token: clients("you", theSecret, true, talkative)},
			says:  []string{"no such client", "id or secret is wrong; the server does not say which"},
		},
		"a server that does not say": {
			place: place{token: clients("me", "another", true, silent)},
			says:  []string{"id or secret is wrong; the server does not say which"},
		},
		"a server that repeats the id": {
			place: place{token: clients("me", "another", true, quoting)}, says: []string{"message for 'me'", "the server does not say which"},
		},
		"a server that numbers its answers": {
			place: place{token: clients("me", "another", true, numbering)},
			says:  []string{"the server does not say which"},
		},
		"other methods": {
			place:  place{metadata: both, token: clients("me", "another", true, silent)},
			says:   []string{"choose it by --auth-style (the server has private_key_jwt)"},
			silent: []string{"client_secret_post"},
		},
		"no grant for the client": {
			place: place{metadata: both, token: deny(400, "unauthorized_client", "")},
			says:  []string{"the client may not use the client credentials grant, or not prove itself by client_secret_basic", "(the server has private_key_jwt)"},
		},
		"no such grant": {
			place: place{token: deny(400, "unsupported_grant_type", "")}, says: []string{"the server does not have the client credentials grant"},
		},
		"no such scope": {
			place: place{token: deny(400, "invalid_scope", ""), metadata: metadataWith(`,"scopes_supported":["read"]`)},
			says:  []string{"does not grant this client what --scope asks for; it lists read", "remedy: correct --scope"},
		},
		"no audience": {
			place: place{token: deny(400, "invalid_target", "")},
			says:  []string{"neither --audience nor --resource is set", "remedy: name the API as it is registered"},
		},
		"no audience, in other words": {
			place: place{token: deny(400, "invalid_request", "Audience is required")}, says: []string{"neither --audience nor --resource is set"},
		},
		"another audience": {
			place: place{token: deny(400, "invalid_target", "")}, args: []string{"--audience", "x"},
			says: []string{"hands out no tokens for that --audience or --resource"},
		},
		"tokens that are not bound": {
			args: []string{"--dpop"}, says: []string{`token_type is "Bearer", not "DPoP"`, "remedy: have DPoP enabled for the client at the server, or remove --dpop"},
		},
		"tokens that are bound": {
			place: place{token: func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, `{"access_token":"opaque-token-of-the-server","token_type":"DPoP"}`)
			}},
			says: []string{"not plain Bearer tokens", "remedy: set --dpop"},
		},
		"the secret in the answer": {
			place: place{token: deny(401, "invalid_client", "who is "+theSecret+"?")}, says: []string{"who is [redacted]?"},
		},
		"a page": {
			place: place{token: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); io.WriteString(w, "<html>") }},
			says:  []string{"404 Not Found", "remedy: is --token-url the token endpoint?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.code, d.step = exitDenied, "authenticate"
			d.test(t)
		})
	}
	t.Run("a server that fails", diagnosed{
		place: place{token: deny(503, "temporarily_unavailable", "")},
		code:  exitUnreachable, step: "authenticate", says: []string{"503 Service Unavailable: temporarily_unavailable"},
	}.test)
}

// A server is asked again only to tell causes apart, and never as an existing client with a wrong secret.
func TestCheck_HowOftenTheServerIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		secret string
		answer http.HandlerFunc
		want   int
	}{
		"granted":             {theSecret, grant("opaque-token-of-the-server", ""), 1},
		"unavailable":         {theSecret, deny(503, "", ""), 1},
		"not the client":      {theSecret, deny(400, "invalid_scope", ""), 1},
		"refused":             {theSecret, deny(401, "invalid_client", ""), 2},
		"reserved characters": {theSecret + "%", deny(401, "invalid_client", ""), 3},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			place{env: map[string]string{"ALF_CLIENT_SECRET": c.secret}, token: func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				seen = append(seen, user)
				require.Equal(t, user == "me", strings.HasPrefix(password, theSecret), "neither half goes without the other")
				c.answer(w, r)
			}}.check(t)
			require.Len(t, seen, c.want)
		})
	}
}

func TestCheck_Token(t *testing.T) {
	claims := func(more map[string]any) map[string]any {
		all := ordinaryClaims()
		maps.Copy(all, more)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
		return all
	}
	now := time.Now()
	for name, d := range map[string]diagnosed{
		"opaque":                {place: place{token: grant("opaque-token-of-the-server", "")}, says: []string{"✓ token", "it is no JWT"}},
		"encrypted":             {place: place{token: grant(strings.Split(jwtOf(nil), ".")[0]+".a.b.c.d", "")}, says: []string{"✓ token", "an encrypted JWT"}},
		"no audience":           {place: place{claims: claims(map[string]any{"aud": nil})}, says: []string{"! token", "the token names no audience (aud)", "remedy: name the API by --audience"}},
		"no audience, asked":    {place: place{claims: claims(map[string]any{"aud": ""})}, args: []string{"--audience", "x"}, says: []string{"! token", "--audience and --resource did not help"}},
		"another audience":      {args: []string{"--audience", "x"}, says: []string{"! token", "the token is not for what was asked: x"}},
		"of tomorrow":           {place: place{claims: claims(map[string]any{"nbf": now.Add(24 * time.Hour).Unix()})}, says: []string{"! token", "not valid yet (nbf)"}},
		"of yesterday":          {place: place{claims: claims(map[string]any{"exp": now.Add(-24 * time.Hour).Unix()})}, says: []string{"! token", "has expired (exp)", "24 hours ago"}},
		"less than was asked":   {place: place{token: grant("opaque-token-of-the-server", `,"scope":"read"`)}, args: []string{"--scope", "read write"}, says: []string{"! token", "scope: read\n", "not granted: write"}},
		"no lifetime":           {place: place{token: lasting("null")}, says: []string{"! token        Bearer, of a lifetime that the server does not tell", "expires_in"}},
		"no life":               {place: place{token: lasting("0")}, says: []string{"! token        Bearer, expired on arrival"}},
		"bound to a key":        {place: place{claims: claims(map[string]any{"cnf": map[string]any{"jkt": "abc"}})}, says: []string{"cnf       jkt abc"}},
		"bound to a cert":       {place: place{claims: claims(map[string]any{"cnf": map[string]any{"x5t#S256": "abc"}})}, says: []string{"! token", "cnf       x5t#S256 abc", "set --cert-file"}},
		"steering the terminal": {place: place{claims: claims(map[string]any{"sub": "a\x1b[31m\nb" + strings.Repeat("c", 9999)})}, says: []string{"sub       a\ufffd[31m b", "..."}},
		"repeating itself":      {place: place{claims: claims(map[string]any{"sub": theSignature, "scope": theSecret})}, says: []string{"sub       [redacted]", "scope     [redacted]"}},
		"odd claims":            {place: place{claims: claims(map[string]any{"exp": "soon", "iat": 1e300, "aud": 7, "cnf": 1})}, says: []string{"exp       soon", "aud       7", "cnf       unreadable"}},
	} {
		t.Run(name, d.test)
	}
}

func lasting(seconds string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"access_token":"opaque-token-of-the-server","token_type":"Bearer","expires_in":%s}`, seconds)
	}
}

func TestCheck_TokensThatAreBound(t *testing.T) {
	_, key := newKey(t)
	cert := newCertificate(t, time.Now().Add(100*24*time.Hour))
	pair, err := tls.LoadX509KeyPair(cert, cert)
	require.NoError(t, err)
	read, err := keys.File(key)(t.Context())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cnf  map[string]any
		says []string
	}{
		"to ours":   {map[string]any{"jkt": read.Thumbprint(), "x5t#S256": thumbprint(&pair)}, []string{"✓ token", "it is bound to the DPoP key", "it is bound to the client certificate", "✓ API"}},
		"to others": {map[string]any{"jkt": "x", "x5t#S256": "y"}, []string{"! token", "bound to another key than ours", "bound to another certificate than ours"}},
		"to none":   {map[string]any{}, []string{"! token", "is not bound to the DPoP key", "it is not bound to the client certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			claims := ordinaryClaims()
			claims["cnf"] = c.cnf
			p := place{tls: true}
			p.token = func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"access_token":%q,"token_type":"DPoP","expires_in":60}`, jwtOf(claims))
			}
			p.api = func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("DPoP") == "" || len(r.TLS.PeerCertificates) == 0 {
					w.WriteHeader(401)
				}
			}
			diagnosed{place: p, args: []string{"--dpop", "--dpop-key-file", key, "--cert-file", cert, "--api", "SELF/api"}, says: c.says}.test(t)
		})
	}
}

func TestCheck_API(t *testing.T) {
	without := ordinaryClaims()
	delete(without, "aud")
	opaque := grant("opaque-token-of-the-server", "")
	invalid := refuse(401, `Bearer realm="x", error="invalid_token", error_description="no"`)
	for name, d := range map[string]diagnosed{
		"no audience":            {place: place{claims: without, api: invalid}, says: []string{"it asks for Bearer realm", "the token names no audience (aud), and the API may insist on its own", "by --audience"}},
		"an audience unasked":    {place: place{api: invalid}, says: []string{"the token may be for another API, as neither --audience nor --resource is set"}},
		"an opaque token":        {place: place{token: opaque, api: refuse(401, `Bearer error_description="wrong audience"`)}, says: []string{"neither --audience nor --resource is set"}},
		"another audience":       {place: place{api: invalid}, args: []string{"--audience", "https://api.example.com"}, says: []string{"the token is for https://api.example.com, and the API may go by another name"}},
		"no reason":              {place: place{api: refuse(401, "Bearer")}, says: []string{"the API does not accept the token", `does the API trust tokens from "https://idp.example.com"?`}},
		"not a token":            {place: place{api: refuse(401, `Basic realm="a, Bearer b"`)}, says: []string{"the API asks for Basic, not for a token"}},
		"bound tokens":           {place: place{api: refuse(401, `DPoP algs="ES256 PS256"`)}, says: []string{"the API takes only tokens that are bound to a key", "remedy: set --dpop"}},
		"a scope":                {place: place{api: refuse(403, `Bearer error="insufficient_scope", scope="write all"`)}, says: []string{"the API wants write all, the token has read", "ask for it by --scope"}},
		"some scope":             {place: place{api: refuse(403, `Bearer error=insufficient_scope`)}, says: []string{"lacks a scope, the API does not say which"}},
		"no permission":          {place: place{api: refuse(403, "")}, says: []string{"does not let this client do that"}},
		"the token in its words": {place: place{api: refuse(401, `Bearer error_description="`+theSignature+`"`)}, says: []string{"[redacted]"}},
		"nothing there":          {place: place{api: refuse(404, "")}, says: []string{"there is nothing to get at that address"}},
		"too much":               {place: place{api: refuse(429, "")}, says: []string{"too many requests"}},
		"a failure":              {place: place{api: refuse(502, "")}, says: []string{"the API itself is failing"}},
		"another error":          {place: place{api: refuse(400, "")}, says: []string{"does not like the request"}},
	} {
		t.Run(name, func(t *testing.T) {
			d.args, d.code, d.step = append(d.args, "--api", "SELF/api"), exitAPI, "API"
			d.test(t)
		})
	}
	t.Run("a redirect", diagnosed{
		place: place{api: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/x?secret=hidden", http.StatusFound)
		}},
		args: []string{"--api", "SELF/api"}, says: []string{"! API          302 Found", "redirects to https://other.example.com/x:"}, silent: []string{"hidden"},
	}.test)
	t.Run("another origin", diagnosed{
		args: []string{"--api", "SELF/api", "--origin", "https://api.example.com"},
		code: exitUsage, step: "API", says: []string{"--origin: add it there"},
	}.test)
	t.Run("nobody there", diagnosed{
		args: []string{"--api", "https://127.0.0.1:1"},
		code: exitUnreachable, step: "API", says: []string{"https://127.0.0.1:1 cannot be reached", "connection refused", "is the address right, and the API up?"},
	}.test)
	t.Run("nobody vouches", func(t *testing.T) {
		s := secure(t, http.NotFoundHandler())
		diagnosed{
			args: []string{"--api", s.URL}, code: exitUnreachable, step: "API",
			says: []string{"remedy: name the authority that issued the certificate by --ca-file"},
		}.test(t)
	})
	t.Run("different clocks", diagnosed{
		place: place{api: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" && r.Method == http.MethodGet {
				w.WriteHeader(401)
				return
			}
			dated(time.Hour, grant("opaque-token-of-the-server", ""))(w, r)
		}},
		args: []string{"--token-url", "SELF/api", "--api", "SELF/api"},
		code: exitAPI, step: "API", says: []string{"this machine's clock is not the authorization server's"},
	}.test)
}
