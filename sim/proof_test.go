package sim_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// proving starts a server for a client whose tokens are bound to a key.
func proving(t *testing.T) *pair {
	return startFor(t, sim.Registration{ClientID: "me", AuthStyle: alf.AuthPost, Secret: "s", DPoP: true}, sim.Options{NonceLifetime: time.Minute})
}

type claims map[string]any

// with returns the claims with one changed, or nil for one that is to go.
func (c claims) with(name string, value any) claims {
	changed := maps.Clone(c)
	changed["jti"] = rand.Text()
	if changed[name] = value; value == nil {
		delete(changed, name)
	}
	return changed
}

func proofClaims(method, target, nonce string) claims {
	return claims{"jti": rand.Text(), "htm": method, "htu": target, "iat": time.Now().Unix(), "nonce": nonce}
}

// signProof signs a proof.
func signProof(t *testing.T, key any, c claims) string {
	return sign(t, jose.ES256, key, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), c)
}

// bind asks for a token with proofs.
func (p *pair) bind(proofs ...string) said {
	return p.post(form("client_id", "me", "client_secret", "s"), func(r *http.Request) {
		for _, proof := range proofs {
			r.Header.Add("DPoP", proof)
		}
	})
}

// tampered changes the signature.
func tampered(proof string) string { return proof[:len(proof)-8] + "AAAAAAAA" }

// showing signs with a key, and shows another one, or more of it than there should be.
func showing(t *testing.T, key, shown any, c claims) string {
	options := (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", jose.JSONWebKey{Key: shown})
	return sign(t, jose.ES256, key, options, c)
}

func TestProof_OfATokenRequestIsRefusedForWhateverIsWrongWithIt(t *testing.T) {
	p, key := proving(t), newKey(t)
	nonce := p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), ""))).nonce
	require.NotEmpty(t, nonce)
	good := proofClaims("POST", p.kit.TokenURL(), nonce)
	used := signProof(t, key, good)
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	secret := []byte("0123456789abcdef0123456789abcdef")
	untyped, keyless := &jose.SignerOptions{EmbedJWK: true}, (&jose.SignerOptions{}).WithType("dpop+jwt")
	elsewhere := proving(t)
	boundElsewhere := elsewhere.bind(signProof(t, key, proofClaims("POST", elsewhere.kit.TokenURL(), ""))).nonce

	for _, c := range []struct {
		name   string
		proofs []string
		code   string
		why    string
	}{
		{"good", []string{used}, "", ""},
		{"used before", []string{used}, "invalid_dpop_proof", "(jti)"},
		{"good with another name", []string{signProof(t, key, good.with("more", 1))}, "", ""},
		{"none", nil, "invalid_dpop_proof", "exactly one"},
		{"two", []string{signProof(t, key, good), signProof(t, key, good)}, "invalid_dpop_proof", "exactly one"},
		{"nonsense", []string{"x"}, "invalid_dpop_proof", "cannot be read"},
		{"another kind of token", []string{sign(t, jose.ES256, key, untyped, good.with("", 1))}, "invalid_dpop_proof", "(typ)"},
		{"no key", []string{sign(t, jose.ES256, key, keyless, good.with("", 1))}, "invalid_dpop_proof", "(jwk)"},
		{"another's key", []string{showing(t, key, newKey(t).Public(), good.with("", 1))}, "invalid_dpop_proof", "not signed by"},
		{"a private key", []string{showing(t, key, key, good.with("", 1))}, "invalid_dpop_proof", "private"},
		{"a secret", []string{sign(t, jose.HS256, secret, keyless, good.with("", 1))}, "invalid_dpop_proof", "cannot be read"},
		{"tampered with", []string{tampered(signProof(t, key, good.with("", 1)))}, "invalid_dpop_proof", "not signed by"},
		{"another method", []string{signProof(t, key, good.with("htm", "GET"))}, "invalid_dpop_proof", "(htm)"},
		{"another address", []string{signProof(t, key, good.with("htu", p.apiURL()+"/"))}, "invalid_dpop_proof", "(htu)"},
		{"too old", []string{signProof(t, key, good.with("iat", ago(2*time.Minute)))}, "invalid_dpop_proof", "(iat)"},
		{"too new", []string{signProof(t, key, good.with("iat", ago(-2*time.Minute)))}, "invalid_dpop_proof", "(iat)"},
		{"of no time", []string{signProof(t, key, good.with("iat", nil))}, "invalid_dpop_proof", "(iat)"},
		{"without a name", []string{signProof(t, key, good.with("jti", nil))}, "invalid_dpop_proof", "(jti)"},
		{"without a nonce", []string{signProof(t, key, good.with("nonce", nil))}, "use_dpop_nonce", "nonce"},
		{"with an invented nonce", []string{signProof(t, key, good.with("nonce", "x"))}, "use_dpop_nonce", "nonce"},
		{"with another server's nonce", []string{signProof(t, key, good.with("nonce", boundElsewhere))}, "use_dpop_nonce", "nonce"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := p.bind(c.proofs...)
			require.NotEmpty(t, got.nonce, "it is in every reply")
			if c.code == "" {
				require.Equal(t, http.StatusOK, got.status, got.Why)
				require.Equal(t, "DPoP", got.TokenType)
				return
			}
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, c.code, got.Error)
			require.Contains(t, got.Why, c.why)
		})
	}
	require.Equal(t, sim.Proofs{Accepted: 2, Challenged: 4, Unavoidable: 1}, p.kit.TokenProofs())
}

// use sends an API request, and returns its status, challenge, body and nonce.
func (p *pair) use(authorization string, proofs ...string) (status int, challenge, body, nonce string) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.apiURL(), nil)
	require.NoError(p.t, err)
	req.Header.Set("Authorization", authorization)
	for _, proof := range proofs {
		req.Header.Add("DPoP", proof)
	}
	resp, err := p.client.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, resp.Header.Get("WWW-Authenticate"), string(read), resp.Header.Get("DPoP-Nonce")
}

func TestProof_OfAnAPIRequestIsForItsTokenAndByItsKey(t *testing.T) {
	p, key := proving(t), newKey(t)
	nonce := p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), ""))).nonce
	token := p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), nonce))).AccessToken
	require.NotEmpty(t, token)
	sum := sha256.Sum256([]byte(token))
	first := proofClaims("GET", p.apiURL()+"/", "").with("ath", base64.RawURLEncoding.EncodeToString(sum[:]))
	status, challenge, _, own := p.use("DPoP "+token, signProof(t, key, first))
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, `DPoP error="use_dpop_nonce"`, challenge)
	require.NotEmpty(t, own)
	good := first.with("nonce", own)
	used := signProof(t, key, good)

	for _, c := range []struct {
		name          string
		authorization string
		proofs        []string
		says, why     string
	}{
		{"good", "DPoP " + token, []string{used}, "", ""},
		{"used before", "DPoP " + token, []string{used}, "invalid_dpop_proof", "(jti)"},
		{"no proof", "DPoP " + token, nil, "invalid_dpop_proof", "exactly one"},
		{"for another token", "DPoP " + token, []string{signProof(t, key, good.with("ath", "x"))}, "invalid_dpop_proof", "(ath)"},
		{"for no token", "DPoP " + token, []string{signProof(t, key, good.with("ath", nil))}, "invalid_dpop_proof", "(ath)"},
		{"for the token endpoint", "DPoP " + token, []string{signProof(t, key, good.with("htu", p.kit.TokenURL()))}, "invalid_dpop_proof", "(htu)"},
		{"by another key", "DPoP " + token, []string{signProof(t, newKey(t), good.with("", 1))}, "invalid_token", ""},
		{"with the other server's nonce", "DPoP " + token, []string{signProof(t, key, good.with("nonce", nonce))}, "use_dpop_nonce", "nonce"},
		{"as a bearer token", "Bearer " + token, []string{signProof(t, key, good.with("", 1))}, "invalid_token", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, challenge, body, nonce := p.use(c.authorization, c.proofs...)
			require.NotEmpty(t, nonce)
			if c.says == "" {
				require.Equal(t, http.StatusOK, status)
				return
			}
			require.Equal(t, http.StatusUnauthorized, status)
			require.Equal(t, `DPoP error="`+c.says+`"`, challenge)
			require.Contains(t, body, c.why)
		})
	}
	require.Equal(t, map[sim.Refusal]int{
		sim.NonceMissing: 2, sim.BadProof: 5, sim.OtherKey: 1, sim.OtherScheme: 1,
	}, p.kit.Refusals())
	require.EqualValues(t, 2, p.kit.APIProofs().Challenged)

	p.kit.RevokeLast()
	_, challenge, _, _ = p.use("DPoP "+token, signProof(t, key, good.with("", 1)))
	require.Equal(t, `DPoP error="invalid_token"`, challenge)
}
