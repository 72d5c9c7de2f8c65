package alf_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// proven is what a request's proof says, once its signature was verified by another implementation.
type proven struct {
	JTI, HTM, HTU, ATH, Nonce string
	thumbprint                string
}

func readProof(r *http.Request) (p proven, err error) {
	if values := r.Header.Values("DPoP"); len(values) != 1 {
		return p, fmt.Errorf("%d proofs", len(values))
	}
	parsed, err := jose.ParseSigned(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return p, err
	}
	jwk := parsed.Signatures[0].Protected.JSONWebKey
	payload, err := parsed.Verify(jwk)
	if err != nil {
		return p, err
	}
	sum, err := jwk.Thumbprint(5 /* SHA-256 */)
	p.thumbprint = string(sum)
	return p, errors.Join(err, json.Unmarshal(payload, &p))
}

func ath(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// boundSource hands out bound-1, and after each rejection the next.
func boundSource() *fakeSource {
	f := new(fakeSource)
	current := func() *alf.Token {
		return manager.NewToken(1, &oauth2.Token{AccessToken: fmt.Sprint("bound-", f.generation+1), TokenType: "DPoP"})
	}
	f.token = func(context.Context) (*alf.Token, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return current(), nil
	}
	f.replace = func(context.Context, *alf.Token, string) (*alf.Token, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.generation++
		return current(), nil
	}
	return f
}

// wanting answers in turn with nonce challenges ("nonce:n1"), refusals of the token ("dead") and successes ("ok", "ok:n2" with
// the next nonce), the last of which is repeated, and keeps what it was sent.
type wanting struct {
	t       *testing.T
	answers []string

	mu     sync.Mutex
	proofs []proven
	tokens []string
	bodies []string
}

func (w *wanting) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		text, err := io.ReadAll(req.Body)
		require.NoError(w.t, err)
		req.Body.Close()
		body = string(text)
	}
	proof, err := readProof(req)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proofs, w.bodies = append(w.proofs, proof), append(w.bodies, body)
	w.tokens = append(w.tokens, req.Header.Get("Authorization"))
	kind, nonce, _ := strings.Cut(w.answers[0], ":")
	if len(w.answers) > 1 {
		w.answers = w.answers[1:]
	}
	status, challenge := 401, `DPoP error="use_dpop_nonce"`
	switch kind {
	case "ok":
		status, challenge = 200, ""
	case "dead":
		challenge = `DPoP error="invalid_token"`
	}
	resp := respond(req, status, kind)
	if challenge != "" {
		resp.Header.Set("WWW-Authenticate", challenge)
	}
	if nonce != "" {
		resp.Header.Set("DPoP-Nonce", nonce)
	}
	return resp, nil
}

func (w *wanting) nonces() []string {
	var all []string
	for _, p := range w.proofs {
		all = append(all, p.Nonce)
	}
	return all
}

func proving(t *testing.T, source alf.Source, base http.RoundTripper) *alf.Client {
	return newClient(t, alf.Config{Manager: source, HTTPClient: &http.Client{Transport: base}, DPoP: &alf.DPoP{Key: keys.Of(newKey(t))}})
}

func TestC1_EveryRequestCarriesAProofOfItsOwn(t *testing.T) {
	api := &wanting{t: t, answers: []string{"ok"}}
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

// RFC 9449 section 9. A nonce that is wanted is no fault of the token's.
func TestC5_ANonceIsSentOnceAndRenewsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		answers      []string
		status, sent int
		nonces       string
		renewed      int
	}{
		"a nonce is wanted":                      {[]string{"nonce:n1", "ok"}, 200, 2, ",n1", 0},
		"never content":                          {[]string{"nonce:n1", "nonce:n2"}, 401, 2, ",n1", 0},
		"without a nonce":                        {[]string{"nonce"}, 401, 1, "", 0},
		"with one that is none":                  {[]string{`nonce:"`}, 401, 1, "", 0},
		"the token is dead as well":              {[]string{"nonce:n1", "dead", "ok"}, 200, 3, ",n1,n1", 1},
		"after the token was renewed":            {[]string{"dead", "nonce:n1", "ok"}, 200, 3, ",,n1", 1},
		"before and after":                       {[]string{"nonce:n1", "dead:n2", "nonce:n3"}, 401, 3, ",n1,n2", 1},
		"two dead tokens":                        {[]string{"nonce:n1", "dead", "dead"}, 401, 3, ",n1,n1", 1},
		"a refusal brings the nonce with itself": {[]string{"dead:n1", "ok"}, 200, 2, ",n1", 1},
	} {
		api, source := &wanting{t: t, answers: c.answers}, boundSource()
		client := proving(t, source, api)
		resp, err := client.Post(apiURL, "", hide("whole body"))
		require.NoError(t, err, name)
		require.Equal(t, c.status, resp.StatusCode, name)
		readAll(t, resp)
		require.Len(t, api.proofs, c.sent, name)
		require.Equal(t, c.nonces, strings.Join(api.nonces(), ","), name)
		require.Len(t, source.replaced, c.renewed, name)
		require.Empty(t, source.invalidated, name)
		for _, body := range api.bodies {
			require.Equal(t, "whole body", body, name)
		}
	}
}

func TestC5_NoncesComeWithSuccessesToo(t *testing.T) {
	api := &wanting{t: t, answers: []string{"ok:n1", "ok:n2", "ok"}}
	client := proving(t, boundSource(), api)
	for range 4 {
		get(t, client, apiURL)
	}
	require.Equal(t, []string{"", "n1", "n2", "n2"}, api.nonces())
}

// C4 holds for this repetition as well.
func TestC4_ABodyThatIsLostIsNotSentAgainForANonce(t *testing.T) {
	api := &wanting{t: t, answers: []string{"nonce:n1", "ok"}}
	source := boundSource()
	resp, err := proving(t, source, api).Post(apiURL, "", hide(filler(65<<10)))
	require.NoError(t, err)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "nonce", readAll(t, resp))
	require.Len(t, api.proofs, 1)
	require.Empty(t, source.invalidated, "the token is not to blame")
}

func TestC2_WithoutAProofNothingIsSent(t *testing.T) {
	cause := errors.New("the HSM is away")
	api := &wanting{t: t, answers: []string{"ok"}}
	client := newClient(t, alf.Config{
		Manager: boundSource(), HTTPClient: &http.Client{Transport: api},
		DPoP: &alf.DPoP{Key: func(context.Context) (*keys.Key, error) { return nil, cause }},
	})
	body := hide("x")
	_, err := client.Post(apiURL, "", body)
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "alf: the request was not sent: dpop: the HSM is away")
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

// boundServers are an authorization server and an API on loopback sockets that bind tokens to keys and want nonces, which
// they change all the time.
func boundServers(t *testing.T) (cfg alf.Config, apiURL string, revoke func(), tokenRequests func() int64) {
	var asked, nonce atomic.Int64
	var mu sync.Mutex
	bound, used := map[string]string{}, map[string]bool{}
	fresh := func(w http.ResponseWriter) { w.Header().Set("DPoP-Nonce", fmt.Sprint("nonce-", nonce.Add(1)/20)) }
	check := func(r *http.Request) (proven, bool) {
		p, err := readProof(r)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || used[p.JTI] || p.HTM != r.Method || p.HTU != "http://"+r.Host+r.URL.Path {
			t.Error("a bad proof", err, p)
			return p, false
		}
		used[p.JTI] = true
		return p, true
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		p, ok := check(r)
		fresh(w)
		if p.Nonce == "" || !ok {
			w.WriteHeader(400)
			io.WriteString(w, `{"error":"use_dpop_nonce"}`)
			return
		}
		value := fmt.Sprint("token-", asked.Add(1))
		mu.Lock()
		bound[value] = p.thumbprint
		mu.Unlock()
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"DPoP","expires_in":3600}`, value)
	})
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		p, ok := check(r)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "DPoP ")
		mu.Lock()
		known := bound[token] == p.thumbprint && p.ATH == ath(token)
		mu.Unlock()
		fresh(w)
		switch {
		case p.Nonce == "":
			w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
			w.WriteHeader(401)
		case !known || !ok:
			w.Header().Set("WWW-Authenticate", `DPoP error="invalid_token", algs="ES256"`)
			w.WriteHeader(401)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return alf.Config{TokenURL: server.URL + "/token", ClientID: testID, ClientSecret: alf.Secret(testSecret), DPoP: &alf.DPoP{}},
		server.URL + "/api", func() { mu.Lock(); defer mu.Unlock(); clear(bound) }, asked.Load
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
	client := proving(t, boundSource(), &wanting{t: t, answers: []string{"ok"}})
	tok, err := client.Token(t.Context())
	require.NoError(t, err)
	proof, err := client.Proof(t.Context(), tok, "POST", "https://broker.example.com/topic?x")
	require.NoError(t, err)
	p, err := readProof(&http.Request{Header: http.Header{"Dpop": {proof}}})
	require.NoError(t, err)
	require.Equal(t, []string{"POST", "https://broker.example.com/topic", ath("bound-1")}, []string{p.HTM, p.HTU, p.ATH})
	_, err = client.Proof(t.Context(), tok, "POST", "not a URL")
	require.ErrorContains(t, err, "the address is not a URL with a host")
	_, err = over(t, boundSource(), script(200)).Proof(t.Context(), tok, "POST", apiURL)
	require.ErrorContains(t, err, "set it if tokens are to be bound to a key")
	_, err = client.GetRequestMetadata(t.Context(), apiURL)
	require.ErrorContains(t, err, "gRPC does not tell the method that a DPoP proof is about")
}

func TestS10_ProofsBesideAForeignManagerNeedAKey(t *testing.T) {
	_, err := alf.New(alf.Config{Manager: boundSource(), DPoP: &alf.DPoP{}})
	require.ErrorContains(t, err, "DPoP.Key: missing: set it to the key that the tokens of Manager or Fetcher are bound to")
	_, err = alf.New(alf.Config{Manager: boundSource(), DPoP: &alf.DPoP{Key: keys.Of(newKey(t)), Algorithm: "none"}})
	require.ErrorContains(t, err, `DPoP.Algorithm: "none" is not a signature algorithm`)
}
