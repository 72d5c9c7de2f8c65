package dpop_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/keys"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 999_000_000, time.UTC)

func address(tb testing.TB, text string) *url.URL {
	u, err := url.Parse(text)
	require.NoError(tb, err)
	return u
}

func generated(tb testing.TB) *keys.Key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	key, err := keys.New(private, "", "")
	require.NoError(tb, err)
	return key
}

// opened is a proof, checked by another implementation and taken apart.
type opened struct {
	claims map[string]any
	jwk    *jose.JSONWebKey
	header string
}

func open(tb testing.TB, proof string) opened {
	parsed, err := jose.ParseSigned(proof, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.PS256})
	require.NoError(tb, err)
	header := parsed.Signatures[0].Protected
	payload, err := parsed.Verify(header.JSONWebKey)
	require.NoError(tb, err)
	o := opened{jwk: header.JSONWebKey, header: fmt.Sprint(header.ExtraHeaders[jose.HeaderType])}
	require.NoError(tb, json.Unmarshal(payload, &o.claims))
	return o
}

func TestAProofSaysWhatItIsFor(t *testing.T) {
	var p dpop.Prover
	proof, err := p.Proof(context.Background(), now, "POST", address(t, "HTTPS://API.example.com:443/a%2Fb?q=1#f"), "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
	require.NoError(t, err)
	o := open(t, proof)
	require.Equal(t, "dpop+jwt", o.header)
	require.True(t, o.jwk.IsPublic())
	jti := o.claims["jti"].(string)
	require.GreaterOrEqual(t, len(jti), 22, "96 bits at least, RFC 9449 section 4.2")
	delete(o.claims, "jti")
	require.Equal(t, map[string]any{
		"htm": "POST", "htu": "https://api.example.com/a%2Fb", "iat": float64(now.Unix()),
		"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", // RFC 9449 section 7.1
	}, o.claims)

	again, err := p.Proof(context.Background(), now, "", address(t, "http://h:80"), "")
	require.NoError(t, err)
	second := open(t, again)
	require.NotEqual(t, jti, second.claims["jti"])
	require.Equal(t, "GET", second.claims["htm"])
	require.Equal(t, "http://h/", second.claims["htu"])
	require.NotContains(t, second.claims, "ath")
	require.NotContains(t, second.claims, "nonce")
}

func TestThumbprint_RFC9449Section6_1(t *testing.T) {
	var jwk jose.JSONWebKey
	require.NoError(t, jwk.UnmarshalJSON([]byte(`{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
		"y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`)))
	public := jwk.Key.(*ecdsa.PublicKey)
	key, err := keys.New(&ecdsa.PrivateKey{PublicKey: *public, D: big.NewInt(1)}, "", "")
	require.NoError(t, err)
	p := dpop.Prover{Key: keys.Of(key)}
	read, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", read.Thumbprint())
	require.JSONEq(t, `{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
		"y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`, string(key.PublicJWK()))
}

func TestNoncesAreRememberedPerOrigin(t *testing.T) {
	var p dpop.Prover
	nonceFor := func(to string) any {
		proof, err := p.Proof(context.Background(), now, "GET", address(t, to), "t")
		require.NoError(t, err)
		return open(t, proof).claims["nonce"]
	}
	p.Remember(address(t, "https://a.example.com/token"), "one")
	p.Remember(address(t, "https://b.example.com/"), "two")
	require.Equal(t, "one", nonceFor("https://A.example.com:443/other?x"))
	require.Equal(t, "two", nonceFor("https://b.example.com/y"))
	require.Nil(t, nonceFor("https://a.example.com:8443/"))
	require.Nil(t, nonceFor("http://a.example.com/"))
	p.Remember(address(t, "https://a.example.com/"), "three")
	require.Equal(t, "three", nonceFor("https://a.example.com/"))
	for _, bad := range []string{"", `q"uote`, `back\slash`, "spa ce", "nul\x00", "é", strings.Repeat("n", 5000)} {
		p.Remember(address(t, "https://a.example.com/"), bad)
	}
	require.Equal(t, "three", nonceFor("https://a.example.com/"))
}

func TestNoncesOfManyOriginsAreBounded(t *testing.T) {
	var p dpop.Prover
	for i := range 1000 {
		p.Remember(address(t, fmt.Sprintf("https://h%d.example.com/", i)), "n")
	}
	held := 0
	for i := range 1000 {
		if p.Nonce(address(t, fmt.Sprintf("https://h%d.example.com/", i))) != "" {
			held++
		}
	}
	require.Equal(t, 64, held)
	require.Equal(t, "n", p.Nonce(address(t, "https://h999.example.com/")))
}

// A token stays bound to the key it was fetched with, until there is another token.
func TestAKeyTakesOverOnceATokenIsBoundToIt(t *testing.T) {
	before, after := generated(t), generated(t)
	current := before
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return current, nil }}
	thumbprint := func() string {
		proof, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), "t")
		require.NoError(t, err)
		key, err := open(t, proof).jwk.Thumbprint(5 /* SHA-256 */)
		require.NoError(t, err)
		return string(key)
	}
	first := thumbprint()
	current = after
	read, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, after.Thumbprint(), read.Thumbprint())
	require.Equal(t, first, thumbprint())
	p.Bind(read)
	require.NotEqual(t, first, thumbprint())
	same, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Same(t, read, same)
}

func TestAKeyThatCannotBeHadOrUsed(t *testing.T) {
	cause := errors.New("the vault is sealed")
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return nil, cause }}
	_, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), "t")
	require.ErrorIs(t, err, cause)
	q := dpop.Prover{Key: keys.Of(generated(t)), Algorithm: keys.PS256}
	_, err = q.Read(context.Background())
	require.ErrorContains(t, err, "cannot sign with PS256: use ES256")
	r := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return nil, nil }}
	_, err = r.Read(context.Background())
	require.ErrorContains(t, err, "there is no key")
}

func TestProofsAreMadeConcurrently(t *testing.T) {
	var p dpop.Prover
	to := address(t, "https://h/")
	var seen sync.Map
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			p.Remember(to, fmt.Sprint("n", i))
			proof, err := p.Proof(context.Background(), now, "GET", to, "t")
			require.NoError(t, err)
			o := open(t, proof)
			_, twice := seen.LoadOrStore(o.claims["jti"], true)
			require.False(t, twice)
		})
	}
	all.Wait()
}

func TestM19_AProverIsPrintedAsItsName(t *testing.T) {
	p := new(dpop.Prover)
	_, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, "dpop.Prover dpop.Prover dpop.Prover", fmt.Sprintf("%v %+v %#v", p, p, p))
	asJSON, err := json.Marshal(p)
	require.NoError(t, err)
	require.Equal(t, `"dpop.Prover"`, string(asJSON))
}

// The floor is one signature, hash included.
func BenchmarkProof(b *testing.B) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	key, err := keys.New(private, "", "")
	require.NoError(b, err)
	b.Run("floor", func(b *testing.B) {
		digest := make([]byte, 32)
		b.ReportAllocs()
		for b.Loop() {
			_, _ = ecdsa.SignASN1(rand.Reader, private, digest)
		}
	})
	b.Run("proof", func(b *testing.B) {
		p := dpop.Prover{Key: keys.Of(key)}
		to := address(b, "https://api.example.com/v1/things")
		p.Remember(to, "eyJ7S_zG.eyJH0-Z.HX4w-7v")
		b.ReportAllocs()
		for b.Loop() {
			_, _ = p.Proof(context.Background(), now, "GET", to, "token")
		}
	})
}
