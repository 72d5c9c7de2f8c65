package alf_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/keys"
)

func TestC1_EveryRequestCarriesAProofOfItsOwn(t *testing.T) {
	api := &wanting{t: t, responses: []string{"ok"}}
	client := proving(t, boundSource(), api)
	req, err := alf.NewRequest(t.Context(), "PUT", apiURL+"?page=2", "hello")
	require.NoError(t, err)
	req.Header["dpop"] = []string{"the caller's own"}
	for range 2 {
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.Same(t, req, resp.Request)
		readAll(t, resp)
		req.Body, _ = req.GetBody()
	}
	require.Equal(t, http.Header{"dpop": {"the caller's own"}, "Content-Type": {"text/plain; charset=utf-8"}}, req.Header)
	require.Equal(t, []string{"DPoP bound-1", "DPoP bound-1"}, api.tokens)
	require.NotEqual(t, api.proofs[0].JTI, api.proofs[1].JTI)
	require.Equal(t, "PUT", api.proofs[0].HTM)
	require.Equal(t, apiURL, api.proofs[0].HTU, "without the query")
	require.Equal(t, ath("bound-1"), api.proofs[0].ATH)

	req.Host = "front.example.com"
	req.Body, _ = req.GetBody()
	resp, err := client.Do(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, "https://front.example.com/v1/things", api.proofs[2].HTU, "as the server sees it")
}

func TestC2_WithoutAProofNothingIsSent(t *testing.T) {
	cause := errors.New("the HSM is away")
	api := &wanting{t: t, responses: []string{"ok"}}
	client := newClient(t, alf.Config{
		Manager: boundSource(), HTTPClient: &http.Client{Transport: api},
		DPoP: &alf.DPoP{Key: func(context.Context) (*keys.Key, error) { return nil, cause }},
	})
	body := hide("x")
	_, err := client.Post(apiURL, "", body)
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "alf: the request was not sent, because no DPoP proof could be made: dpop: the HSM is away")
	require.True(t, body.isClosed())
	require.Empty(t, api.proofs)
	require.EqualValues(t, 1, client.Stats().Unsent)
}

func TestC6_AProofGoesNowhereTheTokenDoesNot(t *testing.T) {
	var seen []*http.Request
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		seen = append(seen, req)
		resp := respond(req, 302, "")
		switch len(seen) {
		case 1:
			resp.Header.Set("Location", "/moved")
		case 2:
			resp.Header.Set("Location", "https://elsewhere.example.com/")
		default:
			resp.StatusCode = 200
		}
		return resp, nil
	})
	get(t, proving(t, boundSource(), base), apiURL)
	require.Len(t, seen, 3)
	second, err := readProof(seen[1])
	require.NoError(t, err)
	require.Equal(t, "https://api.example.com/moved", second.HTU)
	require.NotContains(t, seen[2].Header, "Authorization")
	require.NotContains(t, seen[2].Header, "Dpop")
}

func TestC8_RevocationUnderLoadWithBoundTokens(t *testing.T) {
	cfg, apiURL, revoke, asked := boundServers(t)
	client := newClient(t, cfg)
	get(t, client, apiURL)
	revoke()
	var failed atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			resp, err := client.Post(apiURL, "", "body")
			if err != nil || resp.StatusCode != 200 {
				failed.Add(1)
			}
			if err == nil {
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	require.Zero(t, failed.Load())
	require.EqualValues(t, 2, asked(), "the first, and one for the revocation")
}

func TestC1_ProofsForRequestsSentByOtherMeans(t *testing.T) {
	client := proving(t, boundSource(), &wanting{t: t, responses: []string{"ok"}})
	tok, err := client.Token(t.Context())
	require.NoError(t, err)
	proof, err := client.Proof(t.Context(), tok, "POST", "https://broker.example.com/topic?x")
	require.NoError(t, err)
	p, err := readProof(&http.Request{Header: http.Header{"Dpop": {proof}}})
	require.NoError(t, err)
	require.Equal(t, []string{"POST", "https://broker.example.com/topic", ath("bound-1")}, []string{p.HTM, p.HTU, p.ATH})
	_, err = client.Proof(t.Context(), tok, "POST", "not a URL")
	require.ErrorContains(t, err, "the address is not an http or https URL with a host: pass the request's")
	_, err = client.Proof(t.Context(), tok, "POST", "//broker.example.com/topic")
	require.ErrorContains(t, err, "the address is not an http or https URL with a host")
	_, err = client.Proof(t.Context(), tok, "POST", "https://:443/topic")
	require.ErrorContains(t, err, "the address is not an http or https URL with a host")
	_, err = client.Proof(t.Context(), nil, "POST", "https://broker.example.com/topic")
	require.ErrorContains(t, err, "there is no token: pass the one that the request carries")
	_, err = over(t, boundSource(), script(200)).Proof(t.Context(), tok, "POST", apiURL)
	require.ErrorContains(t, err, "set it if tokens are to be bound to a key")
	_, err = client.GetRequestMetadata(t.Context(), apiURL)
	require.ErrorContains(t, err, "gRPC does not pass the method that a DPoP proof is about")
}

func TestS10_ProofsBesideAThirdPartySource(t *testing.T) {
	_, err := alf.New(alf.Config{Manager: boundSource(), DPoP: &alf.DPoP{Key: keys.Of(newKey(t)), Algorithm: "none"}})
	require.ErrorContains(t, err, `DPoP.Algorithm: "none" is not a signature algorithm`)

	client := newClient(t, alf.Config{Manager: boundSource(), HTTPClient: &http.Client{Transport: script(200)}, DPoP: &alf.DPoP{}})
	_, err = client.Get(apiURL)
	require.ErrorContains(t, err, "the token was not fetched with this prover, and there is no Key: set it to the one the token is bound to")

	// The very prover that the tokens are fetched with needs none.
	cfg, apiURL, _, _ := boundServers(t)
	f, err := fetcher.New(fetcher.Config{TokenURL: cfg.TokenURL, ClientID: testID, ClientSecret: alf.Secret(testSecret), DPoP: cfg.DPoP})
	require.NoError(t, err)
	t.Cleanup(f.CloseIdleConnections)
	resp, _ := get(t, newClient(t, alf.Config{Fetcher: f, DPoP: cfg.DPoP}), apiURL)
	require.Equal(t, 200, resp.StatusCode)
}

func TestF5_ABearerTokenOfAThirdPartyFetcherIsNotSent(t *testing.T) {
	api := script(200)
	client := newClient(t, alf.Config{
		Fetcher: constantFetcher(time.Hour), HTTPClient: &http.Client{Transport: api}, DPoP: &alf.DPoP{Key: keys.Of(newKey(t))},
	})
	_, err := client.Get(apiURL)
	require.ErrorContains(t, err, "the token is not bound to a key (its type is not DPoP), so the request was not sent")
	require.Empty(t, api.authorizations())
	require.EqualValues(t, 1, client.Stats().Unsent)
}

func TestC1_ACallersProofIsReplacedHoweverItIsSpelled(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Values("DPoP") }))
	defer server.Close()
	client := newClient(t, alf.Config{Manager: boundSource(), DPoP: &alf.DPoP{Key: keys.Of(newKey(t))}})
	req, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	req.Header["dPoP"] = []string{"mine"}
	resp, err := client.Do(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Len(t, seen, 1)
	require.NotEqual(t, "mine", seen[0])
	require.Equal(t, http.Header{"dPoP": {"mine"}}, req.Header)
}
