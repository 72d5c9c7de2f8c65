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

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// withProof is what a request's proof says, once its signature was verified by another implementation.
type withProof struct {
	JTI, HTM, HTU, ATH, Nonce string
	thumbprint                string
}

func readProof(r *http.Request) (p withProof, err error) {
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

// wanting responds in turn with nonce challenges ("nonce:n1"), refusals of the token ("rejected"), of the proof
// ("proof", "proof400", and "body401" and "body400" in the body alone), of both, and successes ("ok", "ok:n2" with the
// next nonce), the last of which is repeated, and keeps what it was sent.
type wanting struct {
	t         *testing.T
	responses []string

	mu     sync.Mutex
	proofs []withProof
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
	kind, nonce, _ := strings.Cut(w.responses[0], ":")
	if len(w.responses) > 1 {
		w.responses = w.responses[1:]
	}
	status, challenge := 401, `DPoP error="use_dpop_nonce"`
	switch kind {
	case "ok":
		status, challenge = 200, ""
	case "rejected":
		challenge = `DPoP error="invalid_token"`
	case "proof", "proof400":
		challenge = `DPoP error="invalid_dpop_proof", algs="ES256"`
	case "both":
		challenge = `DPoP error="invalid_dpop_proof", Bearer error="invalid_token"`
	case "body401", "body400":
		challenge, kind = "", kind+` {"error":"invalid_dpop_proof"}`
	}
	kind, text, inBody := strings.Cut(kind, " ")
	if strings.HasSuffix(kind, "400") {
		status = 400
	}
	if !inBody {
		text = kind
	}
	resp := respond(req, status, text)
	if inBody {
		resp.Header.Set("Content-Type", "application/problem+json; charset=utf-8")
	}
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

// boundServers are an authorization server and an API on loopback sockets that bind tokens to keys and want nonces,
// which they change all the time.
func boundServers(t *testing.T) (cfg alf.Config, apiURL string, revoke func(), tokenRequests func() int64) {
	var asked, nonce atomic.Int64
	var mu sync.Mutex
	bound, used := map[string]string{}, map[string]bool{}
	fresh := func(w http.ResponseWriter) { w.Header().Set("DPoP-Nonce", fmt.Sprint("nonce-", nonce.Add(1)/20)) }
	check := func(r *http.Request) (withProof, bool) {
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

// slowSigner signs when it is let to.
type slowSigner struct {
	crypto.Signer
	began, until chan bool
}

func (s slowSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	close(s.began)
	<-s.until
	return nil, errors.New("late")
}
