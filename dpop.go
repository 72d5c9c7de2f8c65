package alf

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const (
	proofHeader = "DPoP"
	nonceHeader = "Dpop-Nonce"
)

// exchangeProven sends out with a proof that the client holds the key tok is bound to (RFC 9449 section 7), and once more
// where the API wants its nonce in there (section 9). That renews nothing: the token was not what was wrong. It is done
// once per request, the one that a 401 brings about included.
func (t *transport) exchangeProven(out *http.Request, sent *body, tok *Token, value string) (*http.Response, error) {
	resp, nonce, err := t.sendProven(out, sent, tok, "")
	if err != nil || nonce == "" || sent.nonced || !wantsNonce(resp) || !sent.repeatable() {
		return resp, err
	}
	body, err := sent.again()
	if err != nil {
		return resp, nil
	}
	sent.nonced = true
	t.counters.nonced.Add(1)
	hold(resp.Body, maxHeld).Close()
	out = authorize(sent.req, value)
	out.Body = body
	resp, _, err = t.sendProven(out, sent, tok, nonce)
	return resp, err
}

var errUnbound = errors.New("alf: the token is not bound to a key (its type is not DPoP), so the request was not sent: " +
	"have the token's source use DPoP, or unset Config.DPoP")

// sendProven signs for this caller alone: nobody else waits for it. nonce is what this very request has to hold, if that is
// known; by now another answer may have brought another one. next is the one that the answer brings.
func (t *transport) sendProven(out *http.Request, sent *body, tok *Token, nonce string) (resp *http.Response, next string, err error) {
	target := addressed(sent.req)
	if scheme, _, _ := strings.Cut(tok.Authorization(), " "); !equalFold(scheme, proofHeader) {
		t.counters.unsent.Add(1)
		closeBody(out)
		return nil, "", errUnbound
	}
	proof, err := t.dpop.Proof(out.Context(), t.clock.Now(), out.Method, target, tok.Value(), nonce)
	if err != nil {
		t.counters.unsent.Add(1)
		closeBody(out)
		return nil, "", fmt.Errorf("alf: a request that cannot be proven is not sent: %w", err)
	}
	for name := range out.Header { // it may be there under any spelling
		if len(name) == len(proofHeader) && equalFold(name, proofHeader) {
			delete(out.Header, name)
		}
	}
	out.Header[http.CanonicalHeaderKey(proofHeader)] = []string{proof}
	resp, err = send(t.base, out, sent.req)
	if err == nil && resp != nil {
		if given := resp.Header.Get(nonceHeader); t.dpop.Remember(target, given) {
			next = given
		}
	}
	return resp, next, err
}

// addressed is req's URL as the server sees it, which goes by the Host header.
func addressed(req *http.Request) *url.URL {
	if req.Host == "" || req.Host == req.URL.Host {
		return req.URL
	}
	seen := *req.URL
	seen.Host = req.Host
	return &seen
}

// wantsNonce reports whether an answer refuses the request for want of a nonce.
func wantsNonce(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized {
		return false
	}
	var v verdict
	v.read(resp.Header)
	return v.nonce
}

// Proof returns the value of the DPoP header for a request that carries tok by other means than this client: method and
// address are the request's. ctx ends the wait for a key that somebody else holds. It fails without Config.DPoP.
func (c *Client) Proof(ctx context.Context, tok *Token, method, address string) (string, error) {
	if c.dpop == nil {
		return "", errors.New("alf: there are no proofs without Config.DPoP: set it if tokens are to be bound to a key")
	}
	if tok.Value() == "" {
		return "", errors.New("alf: Proof: there is no token: pass the one that the request carries")
	}
	target, err := url.Parse(address)
	if err != nil || target.Hostname() == "" || !equalFold(target.Scheme, "https") && !equalFold(target.Scheme, "http") {
		return "", errors.New("alf: Proof: the address is no http or https URL with a host: pass the request's")
	}
	return c.dpop.Proof(ctx, c.clock.Now(), method, target, tok.Value(), "")
}
