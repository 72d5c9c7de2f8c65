package fetcher_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"os"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/keys"
)

// Microsoft Entra and ADFS know a client by its certificate.
func TestF7_TheHeaderNamesTheCertificate(t *testing.T) {
	authority := certtest.New(t)
	certificate := authority.Issue(t, "client")
	certificatePath, keyPath := certtest.Write(t, t.TempDir(), certificate)
	leaf := certificate.Certificate[0]
	thumb1, thumb256 := sha1.Sum(leaf), sha256.Sum256(leaf)
	x5t, x5t256 := base64.RawURLEncoding.EncodeToString(thumb1[:]), base64.RawURLEncoding.EncodeToString(thumb256[:])
	x5c := make([]any, len(certificate.Certificate))
	for i, der := range certificate.Certificate {
		x5c[i] = base64.StdEncoding.EncodeToString(der)
	}
	for name, c := range map[string]struct {
		assertion fetcher.Assertion
		want      map[string]any
	}{
		"with its key":            {fetcher.Assertion{Certificate: fetcher.CertificateFiles(certificatePath, keyPath)}, map[string]any{"x5t": x5t, "x5t#S256": x5t256}},
		"in memory":               {fetcher.Assertion{Certificate: fetcher.Certificate(certificate)}, map[string]any{"x5t": x5t, "x5t#S256": x5t256}},
		"the key kept apart":      {fetcher.Assertion{Certificate: fetcher.CertificateFile(certificatePath), Key: keys.File(keyPath)}, map[string]any{"x5t": x5t, "x5t#S256": x5t256}},
		"SHA-1 alone (ADFS)":      {fetcher.Assertion{Certificate: fetcher.Certificate(certificate), CertificateHeader: []string{"x5t"}}, map[string]any{"x5t": x5t}},
		"the chain (Entra, SN+I)": {fetcher.Assertion{Certificate: fetcher.Certificate(certificate), CertificateHeader: []string{"x5t#S256", "x5c"}}, map[string]any{"x5t#S256": x5t256, "x5c": x5c}},
		"members of the user's": {fetcher.Assertion{
			Certificate: fetcher.Certificate(certificate), CertificateHeader: []string{"x5t"}, Header: map[string]any{"client": "one"},
			Claims: map[string]any{"tid": "t-1", "roles": []string{"a"}}, Type: "JWT",
		}, map[string]any{"x5t": x5t, "client": "one", "typ": "JWT"}},
	} {
		endpoint := &forms{responses: []string{"200 " + good}}
		cfg := config(endpoint)
		cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion = nil, fetcher.PrivateKeyJWT, c.assertion
		mustFetch(t, cfg)
		assertion := endpoint.sent[0].Get("client_assertion")
		parsed, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
		require.NoError(t, err, name)
		_, err = parsed.Verify(certificate.Leaf.PublicKey)
		require.NoError(t, err, name)
		header := jwtPart(t, assertion, 0)
		delete(header, "alg")
		require.Equal(t, c.want, header, name)
		claims := jwtPart(t, assertion, 1)
		if c.assertion.Claims != nil {
			require.Equal(t, "t-1", claims["tid"])
			require.Equal(t, []any{"a"}, claims["roles"])
		}
		require.Equal(t, clientID, claims["sub"])
	}
}

func TestF7_ACertificateThatDoesNotFit(t *testing.T) {
	authority := certtest.New(t)
	one, other := authority.Issue(t, "one"), authority.Issue(t, "other")
	_, otherKey := certtest.Write(t, t.TempDir(), other)
	certificatePath, _ := certtest.Write(t, t.TempDir(), one)
	empty := t.TempDir() + "/empty.pem"
	require.NoError(t, os.WriteFile(empty, []byte("nothing"), 0o600))
	for want, assertion := range map[string]fetcher.Assertion{
		"the certificate is for another key":                {Certificate: fetcher.Certificate(one), Key: keys.File(otherKey)},
		"the certificate comes without its private key":     {Certificate: fetcher.CertificateFile(certificatePath)},
		"has no certificate: use PEM":                       {Certificate: fetcher.CertificateFile(empty)},
		"could not be read: there is no certificate":        {Certificate: func(context.Context) (*tls.Certificate, error) { return nil, nil }},
		"key of the client assertion could not be read: ce": {Certificate: fetcher.CertificateFile("/absent")},
	} {
		cfg := config(always(200, good))
		cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion = nil, fetcher.PrivateKeyJWT, assertion
		require.ErrorContains(t, mustFail(t, cfg), want)
	}
}

func TestF7_SettingsThatMakeNoSense(t *testing.T) {
	certificate := fetcher.Certificate(certtest.SelfSigned(t, "x"))
	for want, assertion := range map[string]fetcher.Assertion{
		`Assertion.CertificateHeader[0]: "x5u" does not name a certificate`: {Certificate: certificate, CertificateHeader: []string{"x5u"}},
		`Assertion.CertificateHeader: there is no certificate to name`:      {Key: keys.Of(newKey(t, "")), CertificateHeader: []string{"x5t"}},
		`Assertion.Header: "alg" is set by the fetcher`:                     {Certificate: certificate, Header: map[string]any{"alg": "none"}},
		`Assertion.Claims: "aud" is set by the fetcher`:                     {Certificate: certificate, Claims: map[string]any{"aud": "x"}},
		`Assertion.Claims: the value of "f" has no JSON form`:               {Certificate: certificate, Claims: map[string]any{"f": func() {}}},
		`Assertion.Key: missing: use KeyFile or KeySigner (keys.File`:       {},
	} {
		cfg := config(nil)
		cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion = nil, fetcher.PrivateKeyJWT, assertion
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg := config(nil)
	cfg.Assertion.Certificate = certificate
	require.ErrorContains(t, cfg.Validate(), "Assertion.Certificate: not used by AuthStyle client_secret_basic")
	cfg.Assertion = fetcher.Assertion{}
	cfg.TokenRequest.Renegotiation = 7
	require.ErrorContains(t, cfg.Validate(), "TokenRequest.Renegotiation: 7 does not exist")
}

// A server that lists only the name of RFC 9864 gets that.
func TestF7_Ed25519ByItsNewName(t *testing.T) {
	key := newEdKey(t)
	s := issuingAt(oauthPath, document(map[string]any{"token_endpoint_auth_signing_alg_values_supported": []string{"RS256", "Ed25519"}}))
	var sent string
	cfg := discovering(s)
	cfg.ClientSecret, cfg.AuthStyle, cfg.Assertion.Key = nil, fetcher.PrivateKeyJWT, keys.Of(key)
	cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			form, err := readForm(r)
			sent = form.Get("client_assertion")
			return reply(200, good), err
		}
		return s.RoundTrip(r)
	})
	mustFetch(t, cfg)
	require.Equal(t, "Ed25519", jwtPart(t, sent, 0)["alg"])
}
