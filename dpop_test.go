package alf_test

import (
	"context"
	"crypto"
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
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
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
	parsed, err := jose.ParseSignedCompact(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.ES256})
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
		require.EqualValues(t, c.sent-1-c.renewed, client.Stats().Nonced, name)
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
	require.ErrorContains(t, err, "alf: a request that cannot be proven is not sent: dpop: the HSM is away")
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

func TestS10_ProofsBesideAForeignSource(t *testing.T) {
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

// rotating is a key that can be replaced.
func rotating(ks ...*keys.Key) (source alf.KeyFunc, rotate func()) {
	var i atomic.Int64
	return func(context.Context) (*keys.Key, error) { return ks[i.Load()], nil }, func() { i.Add(1) }
}

func thumb(t *testing.T, proof string) string {
	p, err := readProof(&http.Request{Header: http.Header{"Dpop": {proof}}})
	require.NoError(t, err)
	return p.thumbprint
}

// A proof about an older token, which is still valid, is signed with the key that it is bound to.
func TestF4_AProofIsMadeWithTheKeyOfItsToken(t *testing.T) {
	cfg, _, _, _ := boundServers(t)
	source, rotate := rotating(newKey(t), newKey(t))
	cfg.DPoP = &alf.DPoP{Key: source}
	client := newClient(t, cfg)
	old, err := client.Token(t.Context())
	require.NoError(t, err)
	before, err := client.Proof(t.Context(), old, "GET", apiURL)
	require.NoError(t, err)
	rotate()
	_, err = client.Refresh(t.Context())
	require.NoError(t, err)
	after, err := client.Proof(t.Context(), old, "GET", apiURL)
	require.NoError(t, err)
	require.Equal(t, thumb(t, before), thumb(t, after))
}

// Between the fetch that brings a token and its publication, the token in use is still the one before.
func TestF4_ATokenInUseKeepsItsKeyUntilTheNextOneIsPublished(t *testing.T) {
	cfg, apiURL, _, _ := boundServers(t)
	source, rotate := rotating(newKey(t), newKey(t))
	prover := &alf.DPoP{Key: source}
	f, err := fetcher.New(fetcher.Config{TokenURL: cfg.TokenURL, ClientID: testID, ClientSecret: alf.Secret(testSecret), DPoP: prover})
	require.NoError(t, err)
	t.Cleanup(f.CloseIdleConnections)
	fetched, publish := make(chan bool), make(chan bool)
	n := 0
	client := newClient(t, alf.Config{DPoP: prover, Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
		tok, err := f.Fetch(ctx)
		if n++; n == 2 {
			fetched <- true
			<-publish
		}
		return tok, err
	})})
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 200, resp.StatusCode)
	rotate()
	done := make(chan error)
	go func() { _, err := client.Refresh(context.Background()); done <- err }()
	<-fetched
	// Its body cannot be had again, so a 401 is what the caller would see.
	resp, err = client.Post(apiURL, "", hide(filler(65<<10)))
	close(publish)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, 200, resp.StatusCode)
	require.NoError(t, <-done)
}

func TestF4_AKeyThatChangesBesideAForeignSource(t *testing.T) {
	api := &wanting{t: t, answers: []string{"ok", "dead", "ok"}}
	source, rotate := rotating(newKey(t), newKey(t))
	client := newClient(t, alf.Config{Manager: boundSource(), HTTPClient: &http.Client{Transport: api}, DPoP: &alf.DPoP{Key: source}})
	get(t, client, apiURL)
	rotate()
	get(t, client, apiURL)
	require.Equal(t, []string{"DPoP bound-1", "DPoP bound-1", "DPoP bound-2"}, api.tokens)
	require.Equal(t, api.proofs[0].thumbprint, api.proofs[1].thumbprint)
	require.NotEqual(t, api.proofs[1].thumbprint, api.proofs[2].thumbprint)
}

func TestF5_ABearerTokenOfAForeignFetcherIsNotSent(t *testing.T) {
	api := script(200)
	client := newClient(t, alf.Config{
		Fetcher: constantFetcher(time.Hour), HTTPClient: &http.Client{Transport: api}, DPoP: &alf.DPoP{Key: keys.Of(newKey(t))},
	})
	_, err := client.Get(apiURL)
	require.ErrorContains(t, err, "the token is not bound to a key (its type is not DPoP), so the request was not sent")
	require.Empty(t, api.authorizations())
	require.EqualValues(t, 1, client.Stats().Unsent)
}

func TestM11_ASignerThatHangsHoldsNobodyBeyondTheirDeadline(t *testing.T) {
	signer := slowSigner{newPrivateKey(t), make(chan bool), make(chan bool)}
	defer close(signer.until)
	client := newClient(t, alf.Config{
		Manager: boundSource(), HTTPClient: &http.Client{Transport: script(200)}, DPoP: &alf.DPoP{Key: alf.KeySigner(signer, "")},
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("had enough")
	go func() {
		<-signer.began
		cancel(cause)
	}()
	_, err := client.GetContext(ctx, apiURL)
	require.ErrorIs(t, err, cause)
}

// slowSigner signs when it is told to.
type slowSigner struct {
	crypto.Signer
	began, until chan bool
}

func (s slowSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	close(s.began)
	<-s.until
	return nil, errors.New("late")
}

func TestC5_ANonceIsWantedByA401Alone(t *testing.T) {
	sent := 0
	client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
		sent++
		resp := respond(req, 403, "")
		resp.Header.Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		resp.Header.Set("DPoP-Nonce", "n1")
		return resp, nil
	}))
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 403, resp.StatusCode)
	require.Equal(t, 1, sent)
}

func TestC3_TheAnswerThatWantsANonceIsClosed(t *testing.T) {
	first := hide(filler(32 << 10))
	sent := 0
	client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
		if sent++; sent > 1 {
			return respond(req, 200, ""), nil
		}
		resp := respond(req, 401, "")
		resp.Body = first
		resp.Header.Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		resp.Header.Set("DPoP-Nonce", "n1")
		return resp, nil
	}))
	get(t, client, apiURL)
	require.True(t, first.isClosed())
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

func TestC5_AChallengeWithoutANonceIsNotAnsweredWithTheOldOne(t *testing.T) {
	api := &wanting{t: t, answers: []string{"ok:n1", "nonce", "ok"}}
	client := proving(t, boundSource(), api)
	get(t, client, apiURL)
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 401, resp.StatusCode)
	require.Len(t, api.proofs, 2)
}
