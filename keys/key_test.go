package keys_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/keys"
)

func TestThumbprint_RFC7638Section3_1(t *testing.T) {
	n, err := base64.RawURLEncoding.DecodeString("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	require.NoError(t, err)
	key, err := keys.New(onlyPublic{&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}}, "", "")
	require.NoError(t, err)
	require.Equal(t, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint())
}

func TestThumbprintAndSignature_RFC8037AppendixA(t *testing.T) {
	key, err := keys.Parse([]byte(`{"kty":"OKP","crv":"Ed25519",
		"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", key.Thumbprint())
	require.Equal(t, keys.EdDSA, key.Algorithm())
	signed, err := key.JWT(t.Context(), "", "", []byte("Example of Ed25519 signing"))
	require.NoError(t, err)
	require.Equal(t, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."+
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg", signed)
}

// Another implementation has to accept every signature there is.
func TestEveryAlgorithmVerifies(t *testing.T) {
	all := map[keys.Algorithm]any{
		keys.ES256: ecKey(t, elliptic.P256()), keys.ES384: ecKey(t, elliptic.P384()), keys.ES512: ecKey(t, elliptic.P521()),
		keys.EdDSA: edKey(t),
	}
	for _, a := range []keys.Algorithm{keys.RS256, keys.RS384, keys.RS512, keys.PS256, keys.PS384, keys.PS512} {
		all[a] = rsaKey()
	}
	for algorithm, private := range all {
		key, err := keys.Parse(pemOf(t, "PRIVATE KEY", private))
		require.NoError(t, err)
		signed, err := key.WithID("k1").JWT(t.Context(), algorithm, "client-authentication+jwt", []byte(`{"a":1}`))
		require.NoError(t, err)
		parsed, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
		require.NoError(t, err)
		var public jose.JSONWebKey
		require.NoError(t, public.UnmarshalJSON(key.PublicJWK()))
		require.True(t, public.IsPublic())
		payload, err := parsed.Verify(public)
		require.NoError(t, err, algorithm)
		require.Equal(t, `{"a":1}`, string(payload))
		header := parsed.Signatures[0].Protected
		require.Equal(t, "k1", header.KeyID)
		require.Equal(t, "client-authentication+jwt", header.ExtraHeaders[jose.HeaderType])
	}
}

// RFC 7518 section 3.5. A verifier that takes any salt would not notice.
func TestPSSSaltIsAsLongAsTheHash(t *testing.T) {
	key, err := keys.New(rsaKey(), "", keys.PS256)
	require.NoError(t, err)
	signature, err := key.Sign(t.Context(), "", []byte("input"))
	require.NoError(t, err)
	digest := hashOf("input")
	require.NoError(t, rsa.VerifyPSS(&rsaKey().PublicKey, 5 /* SHA-256 */, digest, signature, &rsa.PSSOptions{SaltLength: 32}))
}

func TestAKeyAndAnAlgorithmThatDoNotFit(t *testing.T) {
	ec, err := keys.New(ecKey(t, elliptic.P256()), "", "")
	require.NoError(t, err)
	_, err = ec.Sign(t.Context(), keys.RS256, nil)
	require.EqualError(t, err, "an EC key on P-256 cannot sign with RS256: use ES256, or another key")
	_, err = ec.JWT(t.Context(), keys.ES384, "", nil)
	require.EqualError(t, err, "an EC key on P-256 cannot sign with ES384: use ES256, or another key")
	require.ErrorContains(t, ec.CanSign("none"), `"none" is not a signature algorithm: use RS256,`)
	_, err = keys.New(ecKey(t, elliptic.P224()), "", "")
	require.ErrorContains(t, err, "an EC key on P-224 cannot be used: make an RSA key,")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, err = keys.New(short, "", "")
	require.EqualError(t, err, "an RSA key of 1024 bits is too short: make one of 2048 or more")
	_, err = keys.New(nil, "", "")
	require.Error(t, err)
}

func TestASignerThatFails(t *testing.T) {
	key, err := keys.New(onlyPublic{ecKey(t, elliptic.P256()).Public()}, "", "")
	require.NoError(t, err)
	_, err = key.JWT(t.Context(), "", "", []byte("{}"))
	require.ErrorContains(t, err, "signing: unexpected EOF")
}

func TestM19_AKeyIsPrintedAsItsThumbprint(t *testing.T) {
	private := edKey(t)
	key, err := keys.New(private, "kid", "")
	require.NoError(t, err)
	type holder struct{ key *keys.Key }
	text := fmt.Sprintf("%v %+v %#v %s %x %v %+v", key, key, key, key, key, holder{key}, *key)
	asJSON, err := json.Marshal(map[string]any{"key": key})
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "key", key)
	for _, shown := range []string{text, string(asJSON), logged.String()} {
		require.Contains(t, shown, key.Thumbprint())
		for _, secret := range []string{
			base64.RawURLEncoding.EncodeToString(private.Seed()), fmt.Sprintf("%x", private.Seed()), fmt.Sprint(private.Seed()),
		} {
			require.NotContains(t, shown, strings.Trim(secret, "[]"))
		}
	}
}

type signatures struct {
	crypto.Signer
	signature []byte
}

func (a signatures) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return a.signature, nil
}

func TestASignerThatReturnsSomethingElse(t *testing.T) {
	der := func(r, s int64) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{big.NewInt(r), big.NewInt(s)})
		require.NoError(t, err)
		return b
	}
	huge, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)})
	require.NoError(t, err)
	for name, signature := range map[string][]byte{
		"nothing": nil, "raw": make([]byte, 64), "zero": der(0, 1), "negative": der(1, -1), "more": append(der(1, 1), 0), "huge": huge,
	} {
		key, err := keys.New(signatures{ecKey(t, elliptic.P256()), signature}, "", "")
		require.NoError(t, err)
		_, err = key.Sign(t.Context(), "", []byte("x"))
		require.ErrorContains(t, err, "is not an ECDSA signature", name)
	}
}

func TestKeysAreImmutable(t *testing.T) {
	key, err := keys.New(ecKey(t, elliptic.P256()), "one", "")
	require.NoError(t, err)
	require.Equal(t, "two", key.WithID("two").ID())
	require.Equal(t, "one", key.ID())
	before := string(key.PublicJWK())
	key.PublicJWK()[0] = 'x'
	require.Equal(t, before, string(key.PublicJWK()))
}

func TestTheAlgOfAJWKIsWhatItSignsWith(t *testing.T) {
	content, err := (&jose.JSONWebKey{Key: rsaKey(), KeyID: "k", Algorithm: "PS384"}).MarshalJSON()
	require.NoError(t, err)
	key, err := keys.Parse(content)
	require.NoError(t, err)
	require.Equal(t, keys.PS384, key.Algorithm())
	content, err = (&jose.JSONWebKey{Key: rsaKey(), Algorithm: "RSA-OAEP"}).MarshalJSON()
	require.NoError(t, err)
	_, err = keys.Parse(content)
	require.ErrorContains(t, err, `"RSA-OAEP" is not a signature algorithm`)
}

func TestAWholeKeyOfAnotherKind(t *testing.T) {
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	// What openssl genpkey -algorithm RSA-PSS makes names another algorithm than rsaEncryption.
	pss := pkcs8(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, x509.MarshalPKCS1PrivateKey(rsaKey()))
	for name, content := range map[string][]byte{
		"X25519":  pemOf(t, "PRIVATE KEY", exchange),
		"RSA-PSS": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pss}),
	} {
		_, err := keys.Parse(content)
		require.ErrorContains(t, err, "cannot be used as it is, or is damaged or under a wrong label: make an RSA key (not one for RSA-PSS alone), an EC key", name)
	}
	_, err = keys.Parse(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pss[:len(pss)/2]}))
	require.ErrorContains(t, err, "is the file whole?")
}

func pkcs8(t *testing.T, algorithm asn1.ObjectIdentifier, private []byte) []byte {
	der, err := asn1.Marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Private   []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: algorithm}, private})
	require.NoError(t, err)
	return der
}

func TestAJWKWhoseHalvesDoNotBelongTogether(t *testing.T) {
	var one, other map[string]any
	for _, into := range []*map[string]any{&one, &other} {
		text, err := (&jose.JSONWebKey{Key: ecKey(t, elliptic.P256())}).MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	one["d"] = other["d"]
	mixed, err := json.Marshal(one)
	require.NoError(t, err)
	_, err = keys.Parse(mixed)
	require.ErrorContains(t, err, `"x" and "y" are not the public key of "d"`)
}

// countedPublic counts how often it is asked for its public key.
type countedPublic struct {
	crypto.Signer
	asked *atomic.Int64
}

func (c countedPublic) Public() crypto.PublicKey {
	c.asked.Add(1)
	return c.Signer.Public()
}

// A signer may be far away.
func TestASignerIsAskedForItsPublicKeyOnce(t *testing.T) {
	var asked atomic.Int64
	read := keys.Signer(countedPublic{ecKey(t, elliptic.P256()), &asked}, "id")
	for range 3 {
		key, err := read(t.Context())
		require.NoError(t, err)
		require.NoError(t, key.CanSign(keys.ES256))
		_, err = key.JWT(t.Context(), "", "", []byte("{}"))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, asked.Load())
}

// The first private key of a file is the one that is meant.
func TestAnEncryptedKeyInAFile(t *testing.T) {
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	usable := pemOf(t, "PRIVATE KEY", ecKey(t, elliptic.P256()))
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	_, err := keys.Parse(slices.Concat(certificate, usable, encrypted))
	require.NoError(t, err)
	_, err = keys.Parse(slices.Concat(certificate, encrypted, usable))
	require.ErrorContains(t, err, "the private key is encrypted: store it without a passphrase")
}

// lateSigner has no public key before the third time it is asked.
type lateSigner struct {
	crypto.Signer
	asked *int
}

func (l lateSigner) Public() crypto.PublicKey {
	if *l.asked++; *l.asked < 3 {
		return nil
	}
	return l.Signer.Public()
}

func TestASignerMayBeReadyLater(t *testing.T) {
	asked := 0
	read := keys.Signer(lateSigner{ecKey(t, elliptic.P256()), &asked}, "id")
	for range 2 {
		_, err := read(t.Context())
		require.ErrorContains(t, err, "a <nil> cannot be used")
	}
	_, err := read(t.Context())
	require.NoError(t, err)
}
