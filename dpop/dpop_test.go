package dpop_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

// ready is a prover with a key of its own.
func ready(tb testing.TB) *dpop.Prover {
	p := new(dpop.Prover)
	_, err := p.Read(context.Background())
	require.NoError(tb, err)
	return p
}

// opened is a proof, checked by another implementation and taken apart.
type opened struct {
	claims map[string]any
	jwk    *jose.JSONWebKey
	header string
}

func open(tb testing.TB, proof string) opened {
	parsed, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.PS256})
	require.NoError(tb, err)
	header := parsed.Signatures[0].Protected
	payload, err := parsed.Verify(header.JSONWebKey)
	require.NoError(tb, err)
	o := opened{jwk: header.JSONWebKey, header: fmt.Sprint(header.ExtraHeaders[jose.HeaderType])}
	require.NoError(tb, json.Unmarshal(payload, &o.claims))
	return o
}

func thumbprintOf(tb testing.TB, proof string) string {
	sum, err := open(tb, proof).jwk.Thumbprint(crypto.SHA256)
	require.NoError(tb, err)
	return base64.RawURLEncoding.EncodeToString(sum)
}

func TestAProofSaysWhatItIsFor(t *testing.T) {
	p := ready(t)
	proof, err := p.Proof(context.Background(), now, "POST", address(t, "HTTPS://API.example.com:443/a%2Fb?q=1#f"), "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "")
	require.NoError(t, err)
	o := open(t, proof)
	require.Equal(t, "dpop+jwt", o.header)
	require.True(t, o.jwk.IsPublic())
	jti := o.claims["jti"].(string)
	require.GreaterOrEqual(t, len(jti), 22, "96 bits at least, RFC 9449 section 4.2")
	delete(o.claims, "jti")
	require.Equal(t, map[string]any{
		"htm": "POST", "htu": "https://api.example.com/a%2Fb", "iat": float64(now.Unix() - 5),
		"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", // RFC 9449 section 7.1
	}, o.claims)

	key, err := p.Read(context.Background())
	require.NoError(t, err)
	again, err := p.TokenProof(context.Background(), key, now, "", address(t, "http://h:80"), "")
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
	key, err := keys.New(onlyPublic{public: jwk.Key}, "", "")
	require.NoError(t, err)
	p := dpop.Prover{Key: keys.Of(key)}
	read, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", read.Thumbprint())
	require.JSONEq(t, `{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
		"y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`, string(key.PublicJWK()))
}

// onlyPublic is a signer of which there is no more than a public key.
type onlyPublic struct {
	crypto.Signer
	public crypto.PublicKey
}

func (o onlyPublic) Public() crypto.PublicKey { return o.public }

func TestNoncesAreRememberedPerOrigin(t *testing.T) {
	p := ready(t)
	nonceFor := func(to string) any {
		proof, err := p.Proof(context.Background(), now, "GET", address(t, to), "t", "")
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

func TestNoncesOfManyOriginsAtOnce(t *testing.T) {
	var p dpop.Prover
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() { p.Remember(&url.URL{Scheme: "https", Host: fmt.Sprint("h", i)}, "n") })
	}
	all.Wait()
	for i := range 64 {
		require.Equal(t, "n", p.Nonce(address(t, fmt.Sprintf("https://h%d/", i))))
	}
}

// While a key is replaced, tokens of both are in use.
func TestATokenKeepsTheKeyItWasFetchedWith(t *testing.T) {
	current := generated(t)
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return current, nil }}
	thumbprint := func(token string) string {
		proof, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), token, "")
		require.NoError(t, err)
		return thumbprintOf(t, proof)
	}
	fetch := func(token string) string {
		read, err := p.Read(context.Background())
		require.NoError(t, err)
		p.Bind(token, read)
		return read.Thumbprint()
	}
	first := fetch("token-1")
	current = generated(t)
	require.Equal(t, first, thumbprint("token-1"))
	second := fetch("token-2")
	require.NotEqual(t, first, second)
	require.Equal(t, second, thumbprint("token-2"))
	require.Equal(t, first, thumbprint("token-1"))
	// Of a token that was fetched elsewhere, the key is read when it is first seen.
	current = generated(t)
	require.Equal(t, current.Thumbprint(), thumbprint("elsewhere"))
	current = generated(t)
	require.NotEqual(t, current.Thumbprint(), thumbprint("elsewhere"))
	require.Equal(t, current.Thumbprint(), thumbprint("elsewhere-2"))
}

func TestAKeyThatIsUsedInAnotherWayIsAnotherKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	algorithm := keys.RS256
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return keys.New(private, "", algorithm) }}
	first, err := p.Read(context.Background())
	require.NoError(t, err)
	algorithm = keys.PS256
	second, err := p.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, []keys.Algorithm{keys.RS256, keys.PS256}, []keys.Algorithm{first.Algorithm(), second.Algorithm()})
}

func TestATokenFetchedElsewhereNeedsAKey(t *testing.T) {
	var p dpop.Prover
	_, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), "t", "")
	require.ErrorContains(t, err, "the token was not fetched with this prover, and there is no Key: set it to the one the token is bound to")
}

// M11: a signer that does not respond keeps no caller longer than its context lasts.
func TestM11_ASignerThatHangs(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		p := dpop.Prover{Key: keys.Signer(hanging{private, held}, "")}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := p.Proof(ctx, now, "GET", address(t, "https://h/"), "t", "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 50*time.Millisecond, time.Since(start))
		close(held)
	})
}

type hanging struct {
	crypto.Signer
	until chan struct{}
}

func (h hanging) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	<-h.until
	return h.Signer.Sign(rand, digest, opts)
}

func TestASignerThatMisbehaves(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for want, misbehave := range map[string]func(){
		"the signer panicked with a string": func() { panic("with a secret in it") },
		"the signer ended its goroutine":    runtime.Goexit,
		"is not an ECDSA signature":         nil,
	} {
		p := dpop.Prover{Key: keys.Signer(misbehaving{private, misbehave}, "")}
		_, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), "t", "")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}

type misbehaving struct {
	crypto.Signer
	do func()
}

func (m misbehaving) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	if m.do != nil {
		m.do()
	}
	return []byte("nonsense"), nil
}

// htu has to be what the server sees.
func TestTheTargetIsWhatIsSent(t *testing.T) {
	for target, want := range map[*url.URL]string{
		address(t, "https://h:/p"):                                    "https://h/p",
		address(t, "http://[fe80::1%25eth0]:8080/p"):                  "http://[fe80::1]:8080/p",
		address(t, "https://[2001:DB8::1]:443/"):                      "https://[2001:db8::1]/",
		address(t, "https://h/a//b/../%7Ec?q"):                        "https://h/a//b/../%7Ec",
		{Scheme: "https", Host: "h", Opaque: "/raw%2Fpath"}:           "https://h/raw%2Fpath",
		{Scheme: "https", Host: "h", Opaque: "//other.example.com/p"}: "https://other.example.com/p",
		{Scheme: "https", Host: "h", RawQuery: "a=b"}:                 "https://h/",
	} {
		var p dpop.Prover
		_, err := p.Read(context.Background())
		require.NoError(t, err)
		proof, err := p.Proof(context.Background(), now, "GET", target, "t", "")
		require.NoError(t, err)
		require.Equal(t, want, open(t, proof).claims["htu"])
	}
}

func TestAKeyThatCannotBeReadOrUsed(t *testing.T) {
	cause := errors.New("the vault is sealed")
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return nil, cause }}
	_, err := p.Proof(context.Background(), now, "GET", address(t, "https://h/"), "t", "")
	require.ErrorIs(t, err, cause)
	q := dpop.Prover{Key: keys.Of(generated(t)), Algorithm: keys.PS256}
	_, err = q.Read(context.Background())
	require.ErrorContains(t, err, "cannot sign with PS256: use ES256")
	r := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return nil, nil }}
	_, err = r.Read(context.Background())
	require.ErrorContains(t, err, "there is no key")
}

func TestProofsAreMadeConcurrently(t *testing.T) {
	p := ready(t)
	to := address(t, "https://h/")
	var seen sync.Map
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			p.Remember(to, fmt.Sprint("n", i))
			proof, err := p.Proof(context.Background(), now, "GET", to, "t", "")
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
			_, _ = p.Proof(context.Background(), now, "GET", to, "token", "")
		}
	})
}

func TestANewNonceOfAKnownOriginDrivesOutNoOther(t *testing.T) {
	var p dpop.Prover
	for i := range 64 {
		p.Remember(address(t, fmt.Sprintf("https://h%d/", i)), "n")
	}
	for range 64 {
		p.Remember(address(t, "https://h0/"), "m")
	}
	for i := range 64 {
		require.NotEmpty(t, p.Nonce(address(t, fmt.Sprintf("https://h%d/", i))))
	}
}

// go-oidc and fosite refuse a proof from the future, and clocks differ by seconds. mod_oauth2 refuses one that is older
// than 5 s, so how far proofs are dated back is a setting.
func TestF6_AProofIsBackdated(t *testing.T) {
	for backdate, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, 2 * time.Second: 2 * time.Second, time.Minute: time.Minute, -1: 0,
	} {
		p := &dpop.Prover{Backdate: backdate}
		require.NoError(t, p.Validate())
		key, err := p.Read(t.Context())
		require.NoError(t, err)
		forToken, err := p.TokenProof(t.Context(), key, now, "POST", address(t, "https://idp.example.com/token"), "")
		require.NoError(t, err)
		p.Bind("token", key)
		forAPI, err := p.Proof(t.Context(), now, "GET", address(t, "https://api.example.com/"), "token", "")
		require.NoError(t, err)
		for _, proof := range []string{forToken, forAPI} {
			require.EqualValues(t, now.Add(-want).Unix(), open(t, proof).claims["iat"], backdate)
		}
	}
}

func TestF6_AProofIsNotBackdatedPastAllReason(t *testing.T) {
	err := (&dpop.Prover{Backdate: time.Minute + 1}).Validate()
	require.EqualError(t, err, "Backdate: servers would take the proofs for outdated: use 1m0s at most")
}
