package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/alf-go/alf/manager"
)

const (
	proofHeader = "DPoP"
	nonceHeader = "Dpop-Nonce"
)

// roundTripDPoP sends out with a proof that the client has the key tok is bound to (RFC 9449 section 7), and once more
// where the API requires its nonce in the proof (section 9). That replaces no token: the token was not at fault. It is
// done once per request, its retry after a 401 included.
func (t *Transport) roundTripDPoP(c *call, out *http.Request, tok *manager.Token, value string) (*http.Response, error) {
	resp, nonce, err := t.sendDPoP(c, out, tok, "")
	if err != nil || nonce == "" || c.nonceRetry || !wantsNonce(resp) {
		return resp, err
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
	c.nonceRetry = true
	t.Counters.NonceRetries.Add(1)
	resp.Body.Close()
	out, _ = authorize(c.req, value)
	out.Body = body
	second, _, err := t.sendDPoP(c, out, tok, nonce)
	if second != nil {
		keepCookies(second, resp)
	}
	return second, err
}

var errUnbound = errors.New("alf: the token is not bound to a key (its type is not DPoP), so the request was not sent: " +
	"have the token's source use DPoP, or unset Config.DPoP")

// sendDPoP signs on the caller's goroutine: no other request waits for the signature. nonce is what this very request
// must contain, if that is known; another response may have brought another one meanwhile. next is the one that the
// response brings.
func (t *Transport) sendDPoP(c *call, out *http.Request, tok *manager.Token, nonce string) (resp *http.Response, next string, err error) {
	target := addressed(c.req)
	if scheme, _, _ := strings.Cut(tok.Authorization(), " "); !equalFold(scheme, proofHeader) {
		t.Counters.Unsent.Add(1)
		closeBody(out)
		return nil, "", errUnbound
	}
	proof, err := t.dpop.Proof(out.Context(), t.clock.Now(), out.Method, target, tok.Value(), nonce)
	if err != nil {
		t.Counters.Unsent.Add(1)
		closeBody(out)
		return nil, "", fmt.Errorf("alf: the request was not sent, because no DPoP proof could be made: %w", contextError(out.Context(), err))
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
	return resp, next, err
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

// wantsNonce reports whether a response refuses the request because its proof lacks a nonce.
func wantsNonce(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized {
		return false
	}
	var c challenge
	c.read(resp.Header)
	return c.nonce
}

// Proof returns the DPoP header's value for a request that carries tok by other means.
func (s *Session) Proof(ctx context.Context, tok *manager.Token, method string, target *url.URL) (string, error) {
	return s.dpop.Proof(ctx, s.clock.Now(), method, target, tok.Value(), "")
}
