package keys_test

import (
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/keys"
)

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func TestF4_AKeyFileIsReadEveryTime(t *testing.T) {
	path := file(t, pemOf(t, "EC PRIVATE KEY", ecKey(t, elliptic.P256())))
	source := keys.File(path)
	before := read(t, source)
	require.Equal(t, before.Thumbprint(), read(t, source).Thumbprint())
	require.NoError(t, os.WriteFile(path, pemOf(t, "PRIVATE KEY", edKey(t)), 0o600))
	after := read(t, source)
	require.NotEqual(t, before.Thumbprint(), after.Thumbprint())
	require.Equal(t, keys.EdDSA, after.Algorithm())
}

func TestEveryFormOfAKey(t *testing.T) {
	ec := ecKey(t, elliptic.P384())
	jwk, err := json.Marshal(jose.JSONWebKey{Key: ec, KeyID: "the-kid", Algorithm: "ES384"})
	require.NoError(t, err)
	certificate := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	for name, content := range map[string][]byte{
		"PKCS#8":                      pemOf(t, "PRIVATE KEY", ec),
		"SEC 1":                       pemOf(t, "EC PRIVATE KEY", ec),
		"beside a certificate":        append([]byte(certificate), pemOf(t, "PRIVATE KEY", ec)...),
		"after words and blank lines": append([]byte("the key:\n\n"), pemOf(t, "EC PRIVATE KEY", ec)...),
		"JWK":                         jwk,
		"JWK with space around":       append([]byte(" \n"), append(jwk, '\n')...),
		"JWK set of one":              []byte(`{"keys":[` + string(jwk) + `]}`),
	} {
		key := read(t, keys.File(file(t, content)))
		require.Equal(t, keys.ES384, key.Algorithm(), name)
		if content[0] == '{' || content[0] == ' ' {
			require.Equal(t, "the-kid", key.ID(), name)
		}
	}
	require.Equal(t, keys.RS256, read(t, keys.File(file(t, pemOf(t, "RSA PRIVATE KEY", rsaKey())))).Algorithm())
	require.Equal(t, "other", read(t, keys.FileWithID(file(t, jwk), "other")).ID())
	signer := read(t, keys.Signer(ec, "held elsewhere"))
	require.Equal(t, "held elsewhere", signer.ID())
	require.Same(t, signer, read(t, keys.Of(signer)))
}

func TestWhatIsNoKeyIsSaidWithoutRepeatingIt(t *testing.T) {
	public, err := json.Marshal(jose.JSONWebKey{Key: ecKey(t, elliptic.P256()).Public()})
	require.NoError(t, err)
	for content, want := range map[string]string{
		"":                             "holds no private key: use PEM",
		"hidden-secret":                "holds no private key: use PEM",
		`{"hidden":1}`:                 "holds no private key: use PEM",
		`{"kty":"oct","k":"aGlkZGVu"}`: "is a symmetric JSON Web Key",
		`{"kty":"RSA","n":"hidden","e":"AQAB","d":"hidden"}`:              "is not a usable JSON Web Key",
		`{"kty":"EC","crv":"P-256","x":"","y":"","d":"aGlkZGVu"}`:         "is not a usable JSON Web Key",
		`{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","d":"aGlkZGVu"}`: "is not a usable JSON Web Key",
		`{hidden`:          "it is not valid JSON",
		`{"keys":[{},{}]}`: "holds several JSON Web Keys, none of them a private key to sign with",
		string(public):     "is a public JSON Web Key: use the private one",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n":               "is encrypted: store it without a passphrase",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n": "is encrypted",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n":                                   "the PRIVATE KEY in it cannot be read: is the file whole?",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n":                                     "holds no private key",
	} {
		path := file(t, []byte(content))
		_, err := keys.File(path)(context.Background())
		require.ErrorContains(t, err, want, content)
		require.ErrorContains(t, err, path)
		require.NotContains(t, err.Error(), "hidden")
		require.NotContains(t, err.Error(), "aGlkZGVu")
	}
	_, err = keys.File(filepath.Join(t.TempDir(), "absent"))(context.Background())
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = keys.File(file(t, make([]byte, 65<<10)))(context.Background())
	require.ErrorContains(t, err, "larger than 64 KiB: is it the right file?")
}

func FuzzParse(f *testing.F) {
	f.Add(pemOf(f, "PRIVATE KEY", edKey(f)))
	f.Add(pemOf(f, "EC PRIVATE KEY", ecKey(f, elliptic.P256())))
	jwk, _ := json.Marshal(jose.JSONWebKey{Key: edKey(f), KeyID: "k"})
	f.Add(jwk)
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQ","p":"AQ","q":"AQ"}]}`))
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","d":"AA","x":"AA"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		key, err := keys.Parse(content)
		if err != nil {
			require.Nil(t, key)
			return
		}
		// What was accepted can sign.
		_, err = key.JWT(t.Context(), "", "", []byte("{}"))
		require.NoError(t, err)
	})
}
