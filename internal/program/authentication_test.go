package program

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// newKey makes a private key and writes it to a file.
func newKey(t *testing.T) (*ecdsa.PrivateKey, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key, writeKey(t, key)
}

func writeKey(t *testing.T, key crypto.PrivateKey) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// newCertificate makes a client certificate for the year until a time; certificate and key are in one file.
func newCertificate(t *testing.T, ends time.Time) string {
	key, path := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orders"},
		NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))+string(content))
}

// secure puts a server behind TLS, asking clients for a certificate.
func secure(t *testing.T, handler http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// segment decodes one of a JWT.
func segment(t *testing.T, jwt string, i int) map[string]any {
	parts := strings.Split(jwt, ".")
	require.Len(t, parts, 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// without is an environment without the secret.
func (i *idp) without(more ...map[string]string) map[string]string {
	env := i.configured(more...)
	delete(env, "ALF_CLIENT_SECRET")
	return env
}

func TestAuthentication_AKey(t *testing.T) {
	i := newIDP(t)
	_, path := newKey(t)
	args := []string{
		"token", "--key-file", path, "--key-id", "k1", "--assertion-audience", "https://aud.example.com",
		"--assertion-typ", "client-authentication+jwt", "--assertion-lifetime", "30s",
	}
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"by name, whatever secret there is": {i.configured(), append(args, "--auth-style", "private_key_jwt")},
		"as there is nothing else":          {i.without(), args},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, exit.OK, alfIn(t, invocation{env: c.env}, c.args...).code)
			form := i.form(t)
			require.NotContains(t, form, "client_secret")
			jwt := form.Get("client_assertion")
			require.Equal(t, map[string]any{"alg": "ES256", "kid": "k1", "typ": "client-authentication+jwt"}, segment(t, jwt, 0))
			claims := segment(t, jwt, 1)
			require.Equal(t, "https://aud.example.com", claims["aud"])
			require.InDelta(t, 30+10, claims["exp"].(float64)-claims["iat"].(float64), 0, "F6: iat lies 10 s back")
		})
	}
}

func TestAuthentication_ASecretThatSigns(t *testing.T) {
	i := newIDP(t)
	env := i.configured(map[string]string{"ALF_CLIENT_SECRET": strings.Repeat(theSecret, 3)})
	r := alfIn(t, invocation{env: env}, "token", "--auth-style", "client_secret_jwt", "--assertion-algorithm", "HS384")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, map[string]any{"alg": "HS384"}, segment(t, i.form(t).Get("client_assertion"), 0))
}

func TestAuthentication_AnExternalAssertion(t *testing.T) {
	i := newIDP(t)
	r := alfIn(t, invocation{env: i.without()}, "token", "--assertion-file", write(t, "jwt", "of.third.party\n"), "--assertion-format", "urn:x")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, "of.third.party", i.form(t).Get("client_assertion"))
	require.Equal(t, "urn:x", i.form(t).Get("client_assertion_type"))
}

func TestAuthentication_ACertificateGoesToTheAPIToo(t *testing.T) {
	i := newIDP(t)
	shown := make(chan string, 2)
	s := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown <- r.TLS.PeerCertificates[0].Subject.CommonName
		if r.URL.Path == "/token" {
			i.ServeHTTP(w, r)
			return
		}
		io.WriteString(w, "hello")
	}))
	path := newCertificate(t, time.Now().Add(time.Hour))
	env := i.without(map[string]string{"ALF_TOKEN_URL": s.URL + "/token", "ALF_CA_FILE": certificate(t, s), "ALF_CERT_FILE": path})
	r := alfIn(t, invocation{env: env}, "get", s.URL)
	require.Equal(t, result{exit.OK, "hello", ""}, r)
	require.Equal(t, "orders", <-shown)
	require.Equal(t, "orders", <-shown)
	require.Equal(t, "me", i.form(t).Get("client_id"))
}

func TestAuthentication_DPoP(t *testing.T) {
	i := newIDP(t)
	i.refuse(200, `{"access_token":"bound","token_type":"dpop"}`)
	_, path := newKey(t)
	env := i.configured(map[string]string{"ALF_DPOP": "true"})
	r := alfIn(t, invocation{env: env}, "token", "-o", "header", "--dpop-key-file", path)
	require.Equal(t, result{exit.OK, "Authorization: DPoP bound\n", ""}, r)
	proof := i.header.Get("DPoP")
	require.Equal(t, "ES256", segment(t, proof, 0)["alg"])

	r = alfIn(t, invocation{env: env}, "token", "-o", "json")
	require.Contains(t, r.out, `"token_type": "DPoP"`)
	require.Contains(t, r.err, "ends with this program: name one by --dpop-key-file")

	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Authorization"), r.Header.Get("DPoP") != "")
	})
	require.Equal(t, result{exit.OK, "DPoP boundtrue", ""}, alfIn(t, invocation{env: env}, "get", url))
}

func TestAuthentication_Issuer(t *testing.T) {
	i := newIDP(t)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, s.URL, i.URL)
	})
	config := write(t, "config.json", fmt.Sprintf(`{"issuer": %q}`, s.URL))
	none := map[string]string{"ALF_TOKEN_URL": ""}
	for _, c := range []struct {
		env  map[string]string
		args []string
	}{
		{none, []string{"--issuer", s.URL}},
		{none, []string{"--config", config}},
		{map[string]string{"ALF_TOKEN_URL": "https://none.example.com"}, []string{"--issuer", s.URL}},
		{map[string]string{"ALF_ISSUER": "https://none.example.com"}, []string{"--token-url", i.URL}},
		{map[string]string{"ALF_TOKEN_URL": i.URL}, []string{"--config", config}},
	} {
		r := alfIn(t, invocation{env: i.configured(c.env)}, append([]string{"token"}, c.args...)...)
		require.Equal(t, exit.OK, r.code, r.err)
	}
	r := i.alf(t, "token", "--issuer", s.URL, "--token-url", i.URL)
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--issuer: excluded by --token-url")
	r = i.alf(t, "token", "--issuer", s.URL+"/")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, fmt.Sprintf(`set --issuer to %q`, s.URL))
}

func TestAuthentication_AllFromAFile(t *testing.T) {
	i := newIDP(t)
	_, key := newKey(t)
	certificate := newCertificate(t, time.Now().Add(time.Hour))
	i.refuse(200, `{"access_token":"x","token_type":"DPoP"}`)
	settings := map[string]any{
		"token_url": i.URL, "client_id": "me", "resource": []string{"https://api.example.com"}, "auth_style": "private_key_jwt",
		"key_file": filepath.Base(key), "key_id": "k1", "assertion_audience": "token_endpoint", "assertion_algorithm": "ES256",
		"assertion_typ": "JWT", "assertion_lifetime": "10s", "assertion_format": "urn:x", "cert_file": certificate, "cert_key_file": certificate,
		"dpop": true, "dpop_key_file": filepath.Base(key), "dpop_algorithm": "ES256", "dpop_backdate": "2s",
	}
	content, err := json.Marshal(settings)
	require.NoError(t, err)
	config := filepath.Join(filepath.Dir(key), "config.json")
	require.NoError(t, os.WriteFile(config, content, 0o600))
	r := alfIn(t, invocation{}, "token", "--config", config)
	require.Equal(t, exit.OK, r.code, r.err)
	form := i.form(t)
	require.Equal(t, "https://api.example.com", form.Get("resource"))
	require.Equal(t, "urn:x", form.Get("client_assertion_type"))
	require.Equal(t, i.URL, segment(t, form.Get("client_assertion"), 1)["aud"])
	require.NotEmpty(t, i.header.Get("DPoP"))
}

func TestExit2_OnCredentialsThatAreMissingOrUnused(t *testing.T) {
	i := newIDP(t)
	_, key := newKey(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	cert := newCertificate(t, time.Now().Add(time.Hour))
	secret := write(t, "secret", theSecret)
	none := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no key":               {[]string{"--auth-style", "private_key_jwt"}, "--key-file is missing: set it, or ALF_KEY_FILE, or choose another --auth-style than private_key_jwt"},
		"no assertion":         {[]string{"--auth-style", "client_assertion"}, "--assertion-file is missing"},
		"no certificate":       {[]string{"--auth-style", "self_signed_tls_client_auth"}, "--cert-file is missing"},
		"an ID of no key":      {[]string{"--client-secret-file", secret, "--key-id", "k"}, "--key-file is missing"},
		"a key of no cert":     {[]string{"--client-secret-file", secret, "--cert-key-file", key}, "--cert-file is missing"},
		"nothing":              {nil, "or authenticate by --key-file, --assertion-file or --cert-file"},
		"two proofs":           {[]string{"--key-file", key, "--cert-file", cert}, "--auth-style is missing: say which of --key-file and --cert-file authenticates the client"},
		"a key too many":       {[]string{"--client-secret-file", secret, "--key-file", key}, "--key-file: not used by --auth-style client_secret_basic"},
		"a secret too many":    {[]string{"--client-secret-file", secret, "--key-file", key, "--auth-style", "private_key_jwt"}, "--client-secret-file: not used by --auth-style private_key_jwt"},
		"no key in the file":   {[]string{"--key-file", secret}, "--key-file: " + secret + ": holds no private key"},
		"no such file":         {[]string{"--key-file", none}, "--key-file: open " + none},
		"no such assertion":    {[]string{"--assertion-file", none}, "--assertion-file: open " + none},
		"an empty assertion":   {[]string{"--assertion-file", write(t, "empty", "\n")}, "is empty: expected a client secret or an assertion"},
		"a key that is none":   {[]string{"--cert-file", cert, "--cert-key-file", secret}, "--cert-file: certificate files " + cert},
		"another's key":        {[]string{"--cert-file", cert, "--cert-key-file", key}, "does not match"},
		"in the clear":         {[]string{"--cert-file", cert}, "--token-url: plain http cannot present a certificate"},
		"an unsuited key":      {[]string{"--key-file", writeKey(t, ed), "--assertion-algorithm", "RS256"}, "--key-file: an Ed25519 key cannot sign with RS256: use EdDSA"},
		"no algorithm":         {[]string{"--key-file", key, "--assertion-algorithm", "none"}, `--assertion-algorithm: "none" is not a signature algorithm`},
		"no issuer to name":    {[]string{"--key-file", key, "--assertion-audience", "issuer"}, "--assertion-audience: there is no --issuer to name"},
		"a long life":          {[]string{"--key-file", key, "--assertion-lifetime", "2h"}, "--assertion-lifetime: 2h0m0s is not whole seconds"},
		"an unused format":     {[]string{"--client-secret-file", secret, "--assertion-format", "x"}, "--assertion-format: not used by --auth-style client_secret_basic"},
		"a short secret":       {[]string{"--client-secret-file", secret, "--auth-style", "client_secret_jwt"}, "the client secret has 20 bytes, and HS256 needs 32"},
		"an unused DPoP key":   {[]string{"--client-secret-file", secret, "--dpop-key-file", key}, "--dpop-key-file: not used without --dpop"},
		"no DPoP key":          {[]string{"--client-secret-file", secret, "--dpop", "--dpop-key-file", secret}, "--dpop-key-file: " + secret + ": holds no private key"},
		"no DPoP algorithm":    {[]string{"--client-secret-file", secret, "--dpop", "--dpop-algorithm", "HS256"}, `--dpop-algorithm: "HS256" is not`},
		"unsuited to DPoP":     {[]string{"--client-secret-file", secret, "--dpop", "--dpop-algorithm", "RS256"}, "--dpop-algorithm: an EC key on P-256 cannot sign with RS256"},
		"a resource that's no": {[]string{"--client-secret-file", secret, "--resource", "api"}, "--resource[0]: not an absolute URI"},
		"raw with a colon":     {[]string{"--client-secret-file", secret, "--auth-style", "client_secret_basic_raw", "--client-id", "a:b"}, "--client-id: a colon cannot be sent with --auth-style "},
	} {
		t.Run(name, func(t *testing.T) {
			r := alfIn(t, invocation{env: i.without()}, append([]string{"token"}, c.args...)...)
			require.Equal(t, exit.Usage, r.code, r.err)
			require.Contains(t, r.err, c.says)
			require.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
		})
	}
	require.Zero(t, i.issued)
	env := maps.Clone(i.configured())
	env["ALF_DPOP_KEY_FILE"] = none
	require.Equal(t, exit.OK, alfIn(t, invocation{env: env}, "token", "--dpop=false").code, "said off on purpose")
}

func TestExit2_ProblemsAreReportedInOneOrder(t *testing.T) {
	for range 20 {
		r := newIDP(t).alf(t, "token", "--dpop-key-file", "x", "--dpop-algorithm", "ES256")
		require.Equal(t, result{exit.Usage, "", "alf: --dpop-key-file: not used without --dpop: add that, or remove this\n" +
			"alf: --dpop-algorithm: not used without --dpop: add that, or remove this\n"}, r)
	}
}
