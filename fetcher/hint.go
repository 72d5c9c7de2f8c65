package fetcher

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// hint says what might help against an answer, from its status and code.
func (r *report) hint(code string) string {
	switch {
	case code == invalidClient, r.status == http.StatusUnauthorized && code == "":
		return r.clientHint()
	case isRedirect(r.status):
		return "redirects are not followed: set TokenURL to the final address"
	case code == "" && (r.status == http.StatusNotFound || r.status == http.StatusMethodNotAllowed):
		return "is TokenURL the token endpoint?"
	case code == "invalid_target":
		return "the server does not hand out tokens for that Resource or Audience: correct it, or have it allowed"
	case code == "invalid_dpop_proof":
		return r.clockHint("the server refuses the DPoP proof: does it see the same URL, or is there a proxy that changes it?")
	case code == useDPoPNonce && r.who.proof == nil:
		return "the server wants DPoP proofs: set DPoP"
	}
	return ""
}

// clientHint names the one setting that could be at fault, since no other way
// of authenticating is ever tried.
func (r *report) clientHint() string {
	cfg := &r.conversation.cfg
	reserved := url.QueryEscape(cfg.ClientID) != cfg.ClientID || url.QueryEscape(r.who.secret) != r.who.secret
	switch {
	case cfg.AuthStyle == Basic && reserved:
		return "the client id or secret has reserved characters, which are sent form-encoded: " +
			"if the server does not decode them, use AuthStyle client_secret_basic_raw"
	case cfg.AuthStyle == BasicRaw && reserved:
		return "the client id or secret has reserved characters, which are sent as they are: " +
			"if the server decodes them, use AuthStyle client_secret_basic"
	case cfg.AuthStyle == Basic, cfg.AuthStyle == BasicRaw:
		return "if id and secret are right, the server may want AuthStyle client_secret_post"
	case cfg.AuthStyle == Post:
		return "if id and secret are right, the server may want AuthStyle client_secret_basic"
	case cfg.AuthStyle == SecretJWT:
		return r.clockHint(fmt.Sprintf("if id and secret are right, the server may want another Assertion.Audience than %q", cfg.Assertion.audience(r.to)))
	case cfg.AuthStyle == PrivateKeyJWT:
		return r.clockHint(fmt.Sprintf("is the public key registered, under the kid %q? The server may also want another Assertion.Audience than %q",
			r.who.key.ID(), cfg.Assertion.audience(r.to)))
	case cfg.AuthStyle == ForeignAssertion:
		return r.clockHint("does the server trust the assertion's issuer, and know its subject and audience?")
	}
	return "is that certificate registered for the client?"
}

// tolerated is how far apart clocks may be before that is worth a word.
const tolerated = 30 * time.Second

// clockHint adds what explains a refused signature more often than anything.
func (r *report) clockHint(hint string) string {
	if r.skew.Abs() <= tolerated {
		return hint
	}
	direction := "ahead of"
	if r.skew < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("the server's clock is %v %s this one's: correct whichever is wrong; else: %s", r.skew.Abs().Round(time.Second), direction, hint)
}

// skew is how far the server's clock is ahead of ours, by its Date.
func skew(h http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Sub(now.Round(0))
}
