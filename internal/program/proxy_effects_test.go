package program

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// effects is an authorization server and an API, on one socket with TLS. Both keep what they are sent, by the name of
// the setting that is tried.
type effects struct {
	*httptest.Server
	authority *certtest.Authority

	mu     sync.Mutex
	tokens map[string][]sent // by the end of the path, as the next
	calls  map[string][]sent
	reply  map[string]string // in place of the usual response of the token endpoint
	least  int               // the number of the first token of each name that the API accepts
}

// sent is one request.
type sent struct {
	http.Header
	method, id, secret string
	form               url.Values
	certificate        string // its subject; "": none was presented
}

func newEffects(t *testing.T) *effects {
	e := &effects{authority: certtest.New(t), tokens: make(map[string][]sent), calls: make(map[string][]sent), reply: make(map[string]string)}
	e.Server = httptest.NewUnstartedServer(e)
	e.TLS = &tls.Config{Certificates: []tls.Certificate{e.authority.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	e.EnableHTTP2 = true
	e.Config.ErrorLog = quiet
	e.StartTLS()
	t.Cleanup(e.Close)
	return e
}

// trust is the authority in PEM.
func trust(t *testing.T, a *certtest.Authority) string {
	issued, err := a.ForClient("any")
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issued.Certificate[1]}))
}

func (e *effects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	part, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s := sent{Header: r.Header, method: r.Method}
	s.id, s.secret, _ = r.BasicAuth()
	if len(r.TLS.PeerCertificates) > 0 {
		s.certificate = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	switch part {
	case ".well-known":
		fmt.Fprintf(w, `{"issuer":"%s/as","token_endpoint":"%s/token/issuer"}`, e.URL, e.URL)
	case "token":
		_ = r.ParseForm()
		s.form = r.PostForm
		e.tokens[name] = append(e.tokens[name], s)
		kind := "Bearer"
		if r.Header.Get("DPoP") != "" {
			kind = "DPoP"
		}
		reply := e.reply[name]
		if reply == "" {
			reply = fmt.Sprintf(`{"access_token":"for-%s-%d","token_type":%q,"expires_in":3600}`, name, len(e.tokens[name]), kind)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, reply)
	default:
		number, err := strconv.Atoi(s.Get("Authorization")[strings.LastIndex(s.Get("Authorization"), "-")+1:])
		if err == nil && number < e.least {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		e.calls[part] = append(e.calls[part], s)
		fmt.Fprint(w, r.Header.Get("Authorization"))
	}
}

// last returns the last requests that were accepted.
func (e *effects) last(name string) (token, call sent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tokens[name][len(e.tokens[name])-1], e.calls[name][len(e.calls[name])-1]
}

// requests is how many token requests there were.
func (e *effects) requests(name string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.tokens[name])
}

// revoke makes the API refuse the first tokens of each name.
func (e *effects) revoke(number int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.least = number + 1
}

// claims are those of a JSON Web Token, and of its header.
func (s sent) claims(t *testing.T, token string) (header, claims map[string]any) {
	return segment(t, token, 0), segment(t, token, 1)
}

// effect is what a setting does behind the proxy.
type effect struct {
	name     string // of the setting
	settings string // members of the client's object, beside those that it needs
	reply    string // of the token endpoint; "": a good one
	status   int    // that the caller gets; 0: 200
	says     string // the response
	check    func(t *testing.T, token, call sent)
}

// refusedInFiles are settings that the proxy's file refuses, and by which message; all that it accepts have an effect.
var refusedInFiles = map[string]string{
	"client_secret":       "client.client_secret",
	"client_secret_stdin": "client.client_secret_stdin",
	"config":              "client.config",
}

// triedElsewhere are settings whose effect other tests show.
var triedElsewhere = map[string]string{
	"timeout":        "TestM9_AServiceKeepsTheLibrarysLimits",
	"allow_http":     "TestX1_EveryFieldOfAConfigurationHasItsEffectBehindTheProxy",
	"renegotiation":  "TestF7_AnUpstreamThatRenegotiates",
	"store":          "TestD1_ClientsOfTheProxyShareThroughAStore",
	"store_key_file": "TestD1_ClientsOfTheProxyShareThroughAStore",
}

// Every setting that the proxy's file accepts has its effect there: at the token endpoint, and at the upstream.
func TestX1_EverySettingHasItsEffectBehindTheProxy(t *testing.T) {
	e := newEffects(t)
	key := newCertificate(t, time.Now().Add(time.Hour))
	p := newProxyProcess(t, map[string]string{"secret": theSecret, "ca.pem": trust(t, e.authority), "assertion": "eyJ.first.x"})
	cert, certKey := certtest.Write(t, p.dir, e.authority.Issue(t, "the client"))
	bound, boundPath := newKey(t)
	point, err := bound.PublicKey.Bytes()
	require.NoError(t, err)
	x := base64.RawURLEncoding.EncodeToString(point[1:33])
	secret := `"client_secret_file": "secret"`
	sign := fmt.Sprintf(`"key_file": %q`, key)
	form := func(name string, values ...string) func(*testing.T, sent, sent) {
		return func(t *testing.T, token, _ sent) { require.Equal(t, values, token.form[name]) }
	}
	assertion := func(check func(t *testing.T, header, claims map[string]any)) func(*testing.T, sent, sent) {
		return func(t *testing.T, token, _ sent) {
			header, claims := token.claims(t, token.form.Get("client_assertion"))
			check(t, header, claims)
		}
	}
	proof := func(check func(t *testing.T, header, claims map[string]any, call sent)) func(*testing.T, sent, sent) {
		return func(t *testing.T, _, call sent) {
			header, claims := call.claims(t, call.Get("DPoP"))
			check(t, header, claims, call)
		}
	}
	rows := []effect{
		{name: "token_url", settings: secret},
		{name: "issuer", settings: secret + fmt.Sprintf(`, "issuer": "%s/as", "token_url": null`, e.URL)},
		{name: "client_id", settings: secret, check: func(t *testing.T, token, _ sent) { require.Equal(t, "client_id", token.id) }},
		{name: "client_secret_file", settings: secret, check: func(t *testing.T, token, _ sent) { require.Equal(t, theSecret, token.secret) }},
		{name: "scope", settings: secret + `, "scope": ["a", "b"]`, check: form("scope", "a b")},
		{name: "audience", settings: secret + `, "audience": ["x", "y"]`, check: form("audience", "x", "y")},
		{name: "resource", settings: secret + `, "resource": "https://r.example.com"`, check: form("resource", "https://r.example.com")},
		{name: "param", settings: secret + `, "param": {"tenant": "blue"}`, check: form("tenant", "blue")},
		{name: "auth_style", settings: secret + `, "auth_style": "client_secret_post"`, check: form("client_secret", theSecret)},
		{name: "token_type", settings: secret + `, "token_type": "Custom"`, reply: `{"access_token":"x","token_type":"custom","expires_in":60}`, says: "Custom x"},
		{name: "auth_scheme", settings: secret + `, "token_type": "BearerToken", "auth_scheme": "Bearer"`, reply: `{"access_token":"x","token_type":"BearerToken","expires_in":60}`, says: "Bearer x"},
		{name: "strict_token_type", settings: secret + `, "strict_token_type": true`, reply: `{"access_token":"x","expires_in":60}`, status: http.StatusBadGateway, says: "no-token"},
		{name: "strict_scope", settings: secret + `, "strict_scope": true, "scope": ["a", "b"]`, reply: `{"access_token":"x","token_type":"Bearer","expires_in":60,"scope":"a"}`, status: http.StatusBadGateway, says: "no-token"},
		{name: "token_header", settings: secret + `, "token_header": {"X-Tenant": "blue"}`, check: func(t *testing.T, token, call sent) {
			require.Equal(t, []string{"blue", ""}, []string{token.Get("X-Tenant"), call.Get("X-Tenant")})
		}},
		{name: "key_file", settings: sign, check: assertion(func(t *testing.T, _, claims map[string]any) { require.Equal(t, "key_file", claims["iss"]) })},
		{name: "key_id", settings: sign + `, "key_id": "k"`, check: assertion(func(t *testing.T, header, _ map[string]any) { require.Equal(t, "k", header["kid"]) })},
		{name: "assertion_file", settings: `"assertion_file": "assertion"`, check: form("client_assertion", "eyJ.first.x")},
		{name: "assertion_audience", settings: sign + `, "assertion_audience": "https://me.example.com"`, check: assertion(func(t *testing.T, _, claims map[string]any) {
			require.Equal(t, "https://me.example.com", claims["aud"])
		})},
		{name: "assertion_algorithm", settings: sign + `, "assertion_algorithm": "ES256"`, check: assertion(func(t *testing.T, header, _ map[string]any) { require.Equal(t, "ES256", header["alg"]) })},
		{name: "assertion_typ", settings: sign + `, "assertion_typ": "client-authentication+jwt"`, check: assertion(func(t *testing.T, header, _ map[string]any) {
			require.Equal(t, "client-authentication+jwt", header["typ"])
		})},
		{name: "assertion_lifetime", settings: sign + `, "assertion_lifetime": "10m"`, check: assertion(func(t *testing.T, _, claims map[string]any) {
			require.Greater(t, claims["exp"].(float64)-claims["iat"].(float64), 500.0)
		})},
		{name: "assertion_header", settings: sign + `, "assertion_header": {"a": "b"}`, check: assertion(func(t *testing.T, header, _ map[string]any) { require.Equal(t, "b", header["a"]) })},
		{name: "assertion_claim", settings: sign + `, "assertion_claim": {"a": "b"}`, check: assertion(func(t *testing.T, _, claims map[string]any) { require.Equal(t, "b", claims["a"]) })},
		{name: "assertion_format", settings: `"assertion_file": "assertion", "assertion_format": "urn:x:y"`, check: form("client_assertion_type", "urn:x:y")},
		{name: "assertion_cert_file", settings: sign + fmt.Sprintf(`, "assertion_cert_file": %q`, key), check: assertion(func(t *testing.T, header, _ map[string]any) { require.Contains(t, header, "x5t") })},
		{name: "assertion_cert_header", settings: sign + fmt.Sprintf(`, "assertion_cert_file": %q, "assertion_cert_header": "x5c"`, key), check: assertion(func(t *testing.T, header, _ map[string]any) {
			require.Contains(t, header, "x5c")
		})},
		{name: "cert_file", settings: secret + fmt.Sprintf(`, "cert_file": %q, "cert_key_file": %q`, cert, certKey), check: func(t *testing.T, token, call sent) {
			require.Equal(t, []string{"the client", "the client"}, []string{token.certificate, call.certificate})
		}},
		{name: "cert_key_file", settings: fmt.Sprintf(`"cert_file": %q, "cert_key_file": %q`, cert, certKey), check: func(t *testing.T, token, call sent) {
			require.Equal(t, []string{"the client", "the client"}, []string{token.certificate, call.certificate})
			require.Equal(t, "cert_key_file", token.form.Get("client_id"))
		}},
		{name: "dpop", settings: secret + `, "dpop": true`, says: "DPoP for-dpop-1", check: proof(func(t *testing.T, _, claims map[string]any, call sent) {
			sum := sha256.Sum256([]byte(strings.TrimPrefix(call.Get("Authorization"), "DPoP ")))
			require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), claims["ath"])
			require.Equal(t, "GET", claims["htm"])
			require.Equal(t, e.URL+"/dpop", claims["htu"], "the upstream's address")
		})},
		{name: "dpop_key_file", settings: secret + fmt.Sprintf(`, "dpop": true, "dpop_key_file": %q`, boundPath), says: "DPoP for-dpop_key_file-1", check: proof(func(t *testing.T, header, _ map[string]any, _ sent) {
			require.Equal(t, x, header["jwk"].(map[string]any)["x"])
		})},
		{name: "dpop_algorithm", settings: secret + `, "dpop": true, "dpop_algorithm": "ES256"`, says: "DPoP for-dpop_algorithm-1", check: proof(func(t *testing.T, header, _ map[string]any, _ sent) {
			require.Equal(t, "ES256", header["alg"])
		})},
		{name: "dpop_backdate", settings: secret + `, "dpop": true, "dpop_backdate": "1m"`, says: "DPoP for-dpop_backdate-1", check: proof(func(t *testing.T, _, claims map[string]any, _ sent) {
			require.Less(t, claims["iat"].(float64), float64(time.Now().Add(-50*time.Second).Unix()))
		})},
		{name: "origin", settings: secret + fmt.Sprintf(`, "origin": %q`, e.URL)},
		{name: "ca_file", settings: secret + `, "ca_file": null`, status: http.StatusBadGateway, says: "certificate signed by unknown authority"},
		{name: "token_server_name", settings: secret + fmt.Sprintf(`, "token_server_name": "127.0.0.1", "token_url": "%s/token/token_server_name"`, strings.Replace(e.URL, "127.0.0.1", "localhost", 1))},
	}
	var tenants, routes []string
	for _, r := range rows {
		e.reply[r.name] = r.reply
		members := []string{fmt.Sprintf(`"client_id": %q`, r.name)}
		if !strings.Contains(r.settings, `"token_url": "`) && !strings.Contains(r.settings, `"issuer"`) {
			members = append(members, fmt.Sprintf(`"token_url": "%s/token/%s"`, e.URL, r.name))
		}
		if !strings.Contains(r.settings, "ca_file") {
			members = append(members, `"ca_file": "ca.pem"`)
		}
		own := strings.NewReplacer(`, "token_url": null`, "", `, "ca_file": null`, "").Replace(r.settings)
		tenants = append(tenants, fmt.Sprintf("%q: {%s}", r.name, strings.Join(append(members, own), ", ")))
		routes = append(routes, fmt.Sprintf(`{"path": "/%s", "upstream": %q, "tenant": %q}`, r.name, e.URL, r.name))
	}
	file := fmt.Sprintf(`{"listeners": [{"address": "unix:s"}], "tenants": {%s}, "routes": [%s]}`, strings.Join(tenants, ",\n"), strings.Join(routes, ",\n"))
	p.write("proxy.json", file)
	p.start(nil, "--config", filepath.Join(p.dir, "proxy.json"))
	var tried []string
	for _, r := range rows {
		tried = append(tried, r.name)
		t.Run(r.name, func(t *testing.T) {
			status, body := p.get("s", "/"+r.name)
			if r.status == 0 {
				r.status = http.StatusOK
			}
			if r.says == "" {
				r.says = fmt.Sprintf("Bearer for-%s-1", r.name)
			}
			require.Equal(t, r.status, status, body)
			require.Contains(t, body, r.says)
			if r.check != nil {
				e.mu.Lock()
				defer e.mu.Unlock()
				r.check(t, e.tokens[r.name][0], e.calls[r.name][0])
			}
		})
	}
	tried = append(tried, slices.Collect(maps.Keys(refusedInFiles))...)
	tried = append(tried, slices.Collect(maps.Keys(triedElsewhere))...)
	var all []string
	for _, s := range settings.All() {
		all = append(all, s.Name)
	}
	require.ElementsMatch(t, all, tried, "every setting is tried")
	for name, says := range refusedInFiles {
		r := alfIn(t, invocation{}, "proxy", "validate", "--config", proxyFolder(t, strings.Replace(soundProxy, `"client_id"`, fmt.Sprintf(`%q: "x", "client_id"`, name), 1)))
		require.Contains(t, r.err, says)
	}
}

// What excludes each other is refused with where it stands, and what to do.
func TestX2_SettingsThatExcludeEachOther(t *testing.T) {
	e := newEffects(t)
	p := newProxyProcess(t, map[string]string{"secret": theSecret})
	certtest.Write(t, p.dir, e.authority.Issue(t, "me"))
	file := filepath.Join(p.dir, "proxy.json")
	for settings, says := range map[string]string{
		`"client_secret_file": "secret", "cert_file": "client.pem", "cert_key_file": "client.key", "store": "tokens"`: "client.store: tokens may be bound to the certificate of the process that requested them: unset store or cert_file",
		`"client_secret_file": "secret", "dpop": true, "store": "tokens"`:                                             "dpop_key_file",
		`"client_secret_file": "secret", "cert_key_file": "client.key"`:                                               "client: cert_file is missing: set it, or choose another auth_style than client_secret_basic",
		`"client_secret_file": "secret", "auth_style": "tls_client_auth"`:                                             "client: cert_file is missing: set it, or choose another auth_style than tls_client_auth",
		`"client_secret_file": "secret", "cert_file": "secret"`:                                                       "client.cert_file: ",
		`"client_secret_file": "secret", "origin": "https://other.example.com"`:                                       "routes[0].upstream: is none of the client's origins, outside which its token does not go: add https://api.example.com to origin, or remove that",
	} {
		p.write("proxy.json", fmt.Sprintf(`{"listeners": [{"address": "unix:s"}], "client": {"token_url": "https://idp.example.com", "client_id": "me", %s}, "routes": [{"upstream": "https://api.example.com"}]}`, settings))
		r := alfIn(t, invocation{}, "proxy", "validate", "--config", file)
		require.Equal(t, exit.Usage, r.code, r.out)
		require.Contains(t, r.err, says)
		require.True(t, strings.HasPrefix(r.err, "alf: "+file+":1:"), r.err)
	}
}
