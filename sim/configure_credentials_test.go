package sim_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/sim"
)

// Every kind of key and algorithm, and certificates that the assertion names.
func TestConfigure_ServesEveryKindOfKey(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	certificate := certtest.SelfSigned(t, "orders")
	for name, a := range map[string]alf.Assertion{
		"RS256":   {Key: alf.KeySigner(rsaKey, "")},
		"PS512":   {Key: alf.KeySigner(rsaKey, "k"), Algorithm: "PS512"},
		"ES384":   {Key: alf.KeySigner(p384, "")},
		"ES512":   {Key: alf.KeySigner(p521, "")},
		"EdDSA":   {Key: alf.KeySigner(edKey, "")},
		"Ed25519": {Key: alf.KeySigner(edKey, ""), Algorithm: "Ed25519"},
		"x5t":     {Certificate: alf.Certificate(certificate)},
		"x5c":     {Certificate: alf.Certificate(certificate), CertificateHeader: []string{"x5c"}},
		"audience": {
			Key: alf.KeySigner(edKey, ""), Audience: "https://login.example.com/", Lifetime: 5 * time.Minute,
			Type: "client-authentication+jwt", Claims: map[string]any{"tenant": "7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &configured{t, sim.New(sim.Options{})}
			cfg := production(t, alf.AuthPrivateKeyJWT, c.server)
			cfg.Assertion = a
			require.Equal(t, http.StatusOK, c.get(c.client(cfg), productionAPI))
		})
	}
	for _, algorithm := range []string{"HS384", "HS512"} {
		c := &configured{t, sim.New(sim.Options{})}
		cfg := production(t, alf.AuthSecretJWT, c.server)
		cfg.ClientSecret = alf.Secret(strings.Repeat("made-up-", 8))
		cfg.Assertion.Algorithm = algorithm
		require.Equal(t, http.StatusOK, c.get(c.client(cfg), productionAPI), algorithm)
	}
	// An algorithm, or a certificate, other than the registered one is refused.
	c := &configured{t, sim.New(sim.Options{})}
	cfg := production(t, alf.AuthPrivateKeyJWT, c.server)
	cfg.Assertion = alf.Assertion{Key: alf.KeySigner(rsaKey, ""), Algorithm: "PS512"}
	pointed, err := c.server.Configure(cfg)
	require.NoError(t, err)
	pointed.Assertion.Algorithm = "RS256"
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "unexpected signature algorithm")
	cfg.Assertion = alf.Assertion{Certificate: alf.Certificate(certificate)}
	pointed, err = c.server.Configure(cfg)
	require.NoError(t, err)
	pointed.Assertion = alf.Assertion{Key: alf.KeySigner(certificate.PrivateKey.(*ecdsa.PrivateKey), "")}
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "does not name the certificate on record")
}

// Credentials in files, as deployments have them; a certificate that a bubble takes to be of the future.
func TestConfigure_ReadsFilesAndVariables(t *testing.T) {
	dir := t.TempDir()
	certificate, key := certtest.Write(t, dir, certtest.New(t).Issue(t, "orders"))
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("from a file\n"), 0o600))
	t.Setenv("ORDERS_SECRET", "from a variable")
	for name, change := range map[string]func(*alf.Config){
		"secret file": func(c *alf.Config) { c.ClientSecret = alf.SecretFile(secret) },
		"variable":    func(c *alf.Config) { c.ClientSecret = alf.SecretEnv("ORDERS_SECRET") },
		"certificate files": func(c *alf.Config) {
			c.ClientSecret, c.AuthStyle, c.Certificate = nil, alf.AuthTLS, alf.CertificateFiles(certificate, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryWay(t, sim.Options{}, func(c *configured) {
				cfg := production(c.T, alf.AuthBasic, c.server)
				change(&cfg)
				require.Equal(c, http.StatusOK, c.get(c.client(cfg), productionAPI))
			})
		})
	}
}
