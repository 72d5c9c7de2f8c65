package fetcher_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
)

const goodBound = `{"access_token":"tok-1","token_type":"DPoP","expires_in":3600}`

// proofOf verifies the proof in a request and returns its claims.
func proofOf(tb testing.TB, r *http.Request) map[string]any {
	values := r.Header.Values("DPoP")
	require.Len(tb, values, 1)
	parsed, err := jose.ParseSignedCompact(values[0], []jose.SignatureAlgorithm{jose.ES256})
	require.NoError(tb, err)
	payload, err := parsed.Verify(parsed.Signatures[0].Protected.JSONWebKey)
	require.NoError(tb, err)
	var claims map[string]any
	require.NoError(tb, json.Unmarshal(payload, &claims))
	return claims
}

func TestF1_ATokenRequestCarriesAProof(t *testing.T) {
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		claims := proofOf(t, r)
		require.Equal(t, "POST", claims["htm"])
		require.Equal(t, "https://idp.example.com/token", claims["htu"], "without the query")
		require.NotContains(t, claims, "ath")
		return reply(200, goodBound), nil
	}))
	cfg.TokenURL += "?tenant=1"
	cfg.DPoP = new(dpop.Prover)
	require.Equal(t, "DPoP", mustFetch(t, cfg).TokenType)
}

func TestF1_ANonceIsAskedForOnce(t *testing.T) {
	var nonces []any
	var ids = map[any]bool{}
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		claims := proofOf(t, r)
		nonces, ids[claims["jti"]] = append(nonces, claims["nonce"]), true
		switch len(nonces) {
		case 1:
			return reply(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n1"), nil
		case 2:
			return reply(200, goodBound, "DPoP-Nonce", "n2"), nil // a success brings the next one
		}
		return reply(200, goodBound), nil
	}))
	cfg.DPoP = new(dpop.Prover)
	f := newFetcher(t, cfg)
	for range 2 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
	}
	require.Equal(t, []any{nil, "n1", "n2"}, nonces)
	require.Len(t, ids, 3)
}

func TestF1_AServerThatIsNeverContentWithANonce(t *testing.T) {
	for header, attempts := range map[string]int{"n": 2, "": 1, `"`: 1} {
		seen := 0
		cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
			seen++
			return reply(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", header), nil
		}))
		cfg.DPoP = new(dpop.Prover)
		e := mustFail(t, cfg)
		require.Equal(t, "use_dpop_nonce", e.Code)
		require.Equal(t, attempts, seen, header)
	}
	e := mustFail(t, config(always(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n")))
	require.Contains(t, e.Hint, "the server wants DPoP proofs: set DPoP")
}

// RFC 9449 section 5: a Bearer token would be good for anybody.
func TestF5_AnUnboundTokenIsRefused(t *testing.T) {
	for body, want := range map[string]string{
		good: `token_type is "Bearer", not "DPoP"`, `{"access_token":"tok-1","expires_in":3600}`: "token_type is missing",
	} {
		cfg := config(always(200, body))
		cfg.DPoP = new(dpop.Prover)
		e := mustFail(t, cfg)
		require.ErrorContains(t, e, want+"; the server has not bound the token to the key, as if it did not know DPoP: ")
		require.ErrorIs(t, e, fetcher.ErrTokenType)
		require.True(t, e.Permanent())
	}
	cfg := config(always(200, `{"access_token":"tok-1","token_type":"dpop","expires_in":3600}`))
	cfg.DPoP = new(dpop.Prover)
	require.Equal(t, "DPoP", mustFetch(t, cfg).TokenType)
}

func TestF4_ATokenIsUsedWithTheKeyItWasFetchedWith(t *testing.T) {
	status, fetched := 200, 0
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		if status != 200 {
			return reply(status, ""), nil
		}
		fetched++
		return reply(200, fmt.Sprintf(`{"access_token":"tok-%d","token_type":"DPoP","expires_in":3600}`, fetched)), nil
	}))
	before, after := newKey(t, ""), newKey(t, "")
	current := before
	cfg.DPoP = &dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return current, nil }}
	f := newFetcher(t, cfg)
	used := func(token string) string {
		target, err := url.Parse("https://api.example.com/")
		require.NoError(t, err)
		proof, err := cfg.DPoP.Proof(context.Background(), cfgNow, "GET", target, token, "")
		require.NoError(t, err)
		parsed, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.ES256})
		require.NoError(t, err)
		key, err := keysThumbprint(parsed.Signatures[0].Protected.JSONWebKey)
		require.NoError(t, err)
		return key
	}
	fetch := func() error { _, err := f.Fetch(context.Background()); return err }
	require.NoError(t, fetch())
	current, status = after, 503
	require.Error(t, fetch())
	require.Equal(t, before.Thumbprint(), used("tok-1"))
	status = 200
	require.NoError(t, fetch())
	require.Equal(t, after.Thumbprint(), used("tok-2"))
	require.Equal(t, before.Thumbprint(), used("tok-1"), "requests may still carry it")
}

// Behind a load balancer, each node may have nonces of its own.
func TestM10_ANonceThatIsNeverRightIsTransient(t *testing.T) {
	cfg := config(always(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n"))
	cfg.DPoP = new(dpop.Prover)
	e := mustFail(t, cfg)
	require.False(t, e.Permanent())
	require.Empty(t, e.Hint)
	require.True(t, mustFail(t, config(always(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n"))).Permanent(), "there is no one to send it")
}

func TestF1_ABearerTypeIsNotForBoundTokens(t *testing.T) {
	cfg := config(always(200, good))
	cfg.DPoP, cfg.TokenType = new(dpop.Prover), "Bearer"
	require.ErrorContains(t, cfg.Validate(), `TokenType: "Bearer" is not the type of tokens that are bound by DPoP: leave it empty, or unset DPoP`)
	cfg.TokenType = "dpop"
	require.NoError(t, cfg.Validate())
}

func TestF1_HintsAboutProofs(t *testing.T) {
	wanting := always(400, `{"error":"invalid_dpop_proof"}`)
	require.Contains(t, mustFail(t, config(wanting)).Hint, "the server wants DPoP proofs: set DPoP")
	cfg := config(wanting)
	cfg.DPoP = new(dpop.Prover)
	require.Contains(t, mustFail(t, cfg).Hint, "the server refuses the DPoP proof")
}

func TestF1_AProofKeyThatCannotBeUsed(t *testing.T) {
	cfg := config(always(200, goodBound))
	cfg.DPoP = &dpop.Prover{Key: keys.Of(newKey(t, "")), Algorithm: keys.EdDSA}
	require.ErrorContains(t, mustFail(t, cfg), "the key of the DPoP proof could not be read: an EC key on P-256 cannot sign with EdDSA: use ES256")
	cfg.DPoP = &dpop.Prover{Algorithm: "none"}
	_, err := fetcher.New(cfg)
	require.ErrorContains(t, err, `DPoP.Algorithm: "none" is not a signature algorithm: use`)
	cfg.DPoP = &dpop.Prover{Algorithm: keys.RS256}
	_, err = fetcher.New(cfg)
	require.ErrorContains(t, err, "DPoP.Algorithm: the generated key signs with ES256 alone: leave it empty, or set Key to one that signs with RS256")
}

func TestF1_TheTypeOfBoundTokensIsSpelledInOneWay(t *testing.T) {
	cfg := config(always(200, `{"access_token":"x","token_type":"dpop"}`))
	cfg.DPoP, cfg.TokenType = new(dpop.Prover), "dpop"
	require.Equal(t, "DPoP", mustFetch(t, cfg).TokenType)
}

func TestM19_AProofThatTheServerRepeatsIsNotShown(t *testing.T) {
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		return reply(400, fmt.Sprintf(`{"error":"invalid_dpop_proof","error_description":"bad: %s"}`, r.Header.Get("DPoP"))), nil
	}))
	cfg.DPoP = new(dpop.Prover)
	failed := mustFail(t, cfg)
	require.ErrorContains(t, failed, "invalid_dpop_proof")
	require.NotContains(t, failed.Error(), "eyJ")
}

// readingLast calls a function before the end of a response's body is seen.
type readingLast func()

func (f readingLast) Read([]byte) (int, error) { f(); return 0, io.EOF }

// A Prover serves others at the same time, and they may be at the same origin.
func TestF1_TheNonceThatIsSentIsTheOneOfTheResponse(t *testing.T) {
	prover := new(dpop.Prover)
	var nonces []any
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		nonces = append(nonces, proofOf(t, r)["nonce"])
		if len(nonces) > 1 {
			return reply(200, goodBound), nil
		}
		resp := reply(400, "", "DPoP-Nonce", "mine")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"error":"use_dpop_nonce"}`), readingLast(func() {
			prover.Remember(r.URL, "another's")
		})))
		return resp, nil
	}))
	cfg.DPoP = prover
	mustFetch(t, cfg)
	require.Equal(t, []any{nil, "mine"}, nonces)
}

// oidc-provider whose nonces were switched off refuses a proof that has one, and sends no other.
func TestF1_ANonceThatIsNotWantedAnyMoreIsForgotten(t *testing.T) {
	const unwanted = `{"error":"invalid_dpop_proof","error_description":"DPoP nonces are not supported"}`
	var nonces []any
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		nonce := proofOf(t, r)["nonce"]
		switch nonces = append(nonces, nonce); {
		case len(nonces) == 1:
			return reply(200, goodBound, "DPoP-Nonce", "n1"), nil
		case nonce != nil:
			return reply(400, unwanted), nil
		}
		return reply(200, goodBound), nil
	}))
	cfg.DPoP = new(dpop.Prover)
	f := newFetcher(t, cfg)
	for range 3 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
	}
	require.Equal(t, []any{nil, "n1", nil, nil}, nonces)
}

func TestF1_ARefusedProofIsRepeatedForItsNonceAlone(t *testing.T) {
	for name, c := range map[string]struct {
		before string // the nonce that is known
		header string // the one that comes with the refusal
		nonces []any
	}{
		"none, and none comes":       {"", "", []any{nil}},
		"none, and one comes":        {"", "n2", []any{nil, "n2"}},
		"one, and none comes":        {"n1", "", []any{"n1", nil}},
		"one, and another comes":     {"n1", "n2", []any{"n1", "n2"}},
		"one, and it comes again":    {"n1", "n1", []any{"n1"}},
		"one, and what comes is not": {"n1", `"`, []any{"n1", nil}},
	} {
		var nonces []any
		cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
			nonces = append(nonces, proofOf(t, r)["nonce"])
			return reply(400, `{"error":"invalid_dpop_proof"}`, "DPoP-Nonce", c.header), nil
		}))
		cfg.DPoP = new(dpop.Prover)
		target, err := url.Parse(cfg.TokenURL)
		require.NoError(t, err)
		cfg.DPoP.Remember(target, c.before)
		e := mustFail(t, cfg)
		require.Equal(t, "invalid_dpop_proof", e.Code, name)
		require.Contains(t, e.Hint, "the server refuses the DPoP proof", name)
		require.Equal(t, c.nonces, nonces, name)
	}
}
