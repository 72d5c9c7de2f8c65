package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alf-go/alf/manager"
)

const (
	proofHeader = "DPoP"
	nonceHeader = "Dpop-Nonce"
)

// roundTripDPoP sends out with a proof that the client has the key tok is bound to (RFC 9449 section 7), and once more
// with another proof where the API refuses that one. That replaces no token: the token was not at fault. It is done
// once per request, its retry after a 401 included, so a proof that is refused again counts as any other response.
func (t *Transport) roundTripDPoP(c *call, out *http.Request, tok *manager.Token, value string) (*http.Response, error) {
	resp, sent, next, err := t.sendDPoP(c, out, tok, "")
	if err != nil || resp == nil || c.proofRetry {
		return resp, err
	}
	switch refusalOf(resp) {
	case nonceWanted:
		if next == "" {
			return resp, nil
		}
	case proofInvalid:
		// A server that has stopped using nonces refuses every proof with one, and sends no other.
		c.nonceUnwanted = next == "" && t.dpop.Forget(addressed(c.req), sent)
	default:
		return resp, nil
	}
	ctx := c.req.Context()
	resp.Body = bufferBody(resp.Body, maxBuffered401)
	if !c.body.repeatable(ctx) {
		return resp, nil
	}
	body, err := c.body.open(ctx)
	if err != nil {
		return resp, nil
	}
	c.proofRetry, c.nonceUnwanted = true, false
	t.Counters.NonceRetries.Add(1)
	resp.Body.Close()
	out, _ = t.authorize(c.req, value)
	out.Body = body
	second, _, _, err := t.sendDPoP(c, out, tok, next)
	if second != nil {
		keepCookies(second, resp)
	}
	return second, err
}

var errUnbound = errors.New("alf: the token is not bound to a key (its type is not DPoP), so the request was not sent: " +
	"have the token's source use DPoP, or unset Config.DPoP")

// sendDPoP signs on the caller's goroutine: no other request waits for the signature. nonce is what this very request
// must contain, if that is known; another response may have brought another one meanwhile. sent is the one that the
// proof contains, and next the one that the response brings.
func (t *Transport) sendDPoP(c *call, out *http.Request, tok *manager.Token, nonce string) (resp *http.Response, sent, next string, err error) {
	target := addressed(c.req)
	if nonce == "" {
		nonce = t.dpop.Nonce(target)
	}
	if scheme, _, _ := strings.Cut(tok.Authorization(), " "); !equalFold(scheme, proofHeader) {
		t.Counters.Unsent.Add(1)
		closeBody(out)
		return nil, "", "", errUnbound
	}
	proof, err := t.dpop.Proof(out.Context(), t.clock.Now(), out.Method, target, tok.Value(), nonce)
	if err != nil {
		t.Counters.Unsent.Add(1)
		closeBody(out)
		return nil, "", "", fmt.Errorf("alf: the request was not sent, because no DPoP proof could be made: %w", contextError(out.Context(), err))
	}
	for name := range out.Header { // it may be there under any spelling
		if len(name) == len(proofHeader) && equalFold(name, proofHeader) {
			delete(out.Header, name)
		}
	}
	out.Header[http.CanonicalHeaderKey(proofHeader)] = []string{proof}
	resp, err = roundTrip(t.base, out, c.req)
	if err == nil && resp != nil {
		if given := resp.Header.Get(nonceHeader); t.dpop.Remember(target, given) {
			next = given
		}
	}
	return resp, nonce, next, err
}

// addressed is req's URL as the server sees it, which goes by the Host header (RFC 9110 section 7.1).
func addressed(req *http.Request) *url.URL {
	if req.Host == "" || req.Host == req.URL.Host {
		return req.URL
	}
	seen := *req.URL
	seen.Host = req.Host
	return &seen
}

// Proof returns the DPoP header's value for a request that carries tok by other means.
func (s *Session) Proof(ctx context.Context, tok *manager.Token, method string, target *url.URL) (string, error) {
	return s.dpop.Proof(ctx, s.clock.Now(), method, target, tok.Value(), "")
}

// proofRefusal is why an API refuses a request because of its DPoP proof.
type proofRefusal int

const (
	notTheProof  proofRefusal = iota
	nonceWanted               // it lacks a nonce (RFC 9449 section 9)
	proofInvalid              // it is not valid (section 7.1): it came before, its date is wrong, or its nonce is not wanted
)

// refusalOf says whether a response refuses the proof. A challenge that calls the token invalid outweighs that the
// proof is. express-oauth2-jwt-bearer refuses proofs with a 400, and frameworks say so in the body alone.
func refusalOf(resp *http.Response) proofRefusal {
	unauthorized := resp.StatusCode == http.StatusUnauthorized
	if !unauthorized && resp.StatusCode != http.StatusBadRequest {
		return notTheProof
	}
	var c challenge
	c.read(resp.Header)
	switch {
	case c.nonce && unauthorized:
		return nonceWanted
	case c.invalid, c.scope, c.nonce:
		return notTheProof
	case c.proof, saysProofInvalid(resp):
		return proofInvalid
	}
	return notTheProof
}

const (
	invalidProof = "invalid_dpop_proof"
	// maxErrorBody is more than any OAuth error needs.
	maxErrorBody = 4 << 10
)

// saysProofInvalid reports whether a response's body is an OAuth error about the proof. It leaves the body as it was.
// One that does not end soon is none.
func saysProofInvalid(resp *http.Response) bool {
	if resp.ContentLength > maxErrorBody || !strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "json") {
		return false
	}
	buffered := bufferBody(resp.Body, maxErrorBody)
	resp.Body = buffered
	timer := time.NewTimer(stall)
	defer timer.Stop()
	select {
	case <-buffered.filled:
	case <-timer.C:
	}
	buffered.mu.Lock()
	defer buffered.mu.Unlock()
	var said struct {
		Error string `json:"error"`
	}
	return json.Unmarshal(buffered.data, &said) == nil && said.Error == invalidProof
}
