package fetcher

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// hint says what might help against an answer, from its status and code. Not
// every server has the right code for a client it does not want.
func (r *report) hint(said oauthError) string {
	switch code := said.code; {
	case code == "invalid_target":
		return "the server does not hand out tokens for that Resource or Audience: correct it, or have it allowed"
	case code == "unauthorized_client":
		return "have the client credentials grant enabled for this client, and the AuthStyle that it uses"
	case code == "invalid_dpop_proof" && r.who.proof != nil:
		return r.clockHint("the server refuses the DPoP proof: does it see the same URL, or is there a proxy that changes it?")
	case code == "invalid_dpop_proof", code == useDPoPNonce && r.who.proof == nil:
		return "the server wants DPoP proofs: set DPoP"
	case code == invalidClient, code == "invalid_grant":
		return r.clientHint(said.description)
	case code == "invalid_request" && r.conversation.cfg.AuthStyle == BasicRaw, code == "server_error":
		// Some servers stumble over credentials in the other spelling.
		return r.spellingHint()
	case code != "":
		return ""
	}
	switch {
	case isRedirect(r.status):
		return "redirects are not followed: " + r.address("set TokenURL to the final address", "have the issuer's metadata name the final address")
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed:
		return r.address("is TokenURL the token endpoint?", "does the issuer's metadata name the right token endpoint?")
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return r.clientHint("")
	case r.status >= http.StatusInternalServerError:
		return r.spellingHint()
	}
	return ""
}

// address chooses the words by who has named the token endpoint.
func (r *report) address(configured, discovered string) string {
	if r.conversation.cfg.Issuer != "" {
		return discovered
	}
	return configured
}

// clientHint names the one setting that could be at fault, since no other way
// of authenticating is ever tried.
func (r *report) clientHint(description string) string {
	if hint := r.spellingHint(); hint != "" {
		return hint
	}
	cfg := &r.conversation.cfg
	switch cfg.AuthStyle {
	case Basic, BasicRaw:
		return "if id and secret are right, the server may want AuthStyle client_secret_post"
	case Post:
		return "if id and secret are right, the server may want AuthStyle client_secret_basic"
	case SecretJWT:
		return r.assertionHint(description, "are id and secret right, and does the server take client_secret_jwt from this client?")
	case PrivateKeyJWT:
		kid := fmt.Sprintf("under the kid %q", r.who.key.ID())
		if r.who.key.ID() == "" {
			kid = "and can the server find it without a kid?"
		}
		return r.assertionHint(description, fmt.Sprintf("is the public key registered for private_key_jwt with %s, %s", r.algorithm(), strings.TrimSuffix(kid, "?")+"?"))
	case ExternalAssertion:
		return r.clockHint("does the server trust the assertion's issuer, and know its subject and audience?")
	}
	hint := "is that certificate registered for the client?"
	if cfg.Issuer == "" {
		hint += " Servers may have another token endpoint for mutual TLS, which they tell if Issuer is set"
	}
	return hint
}

func (r *report) algorithm() string {
	return string(r.conversation.cfg.keyAlgorithm(r.who.key, r.to.algorithms))
}

// assertionHint adds the setting that servers disagree about most; first, if
// that is what the server talks about.
func (r *report) assertionHint(description, hint string) string {
	a := r.conversation.cfg.Assertion
	other := fmt.Sprintf("%q", AudienceIssuer)
	switch {
	case a.Audience != "" && a.Audience != AudienceTokenEndpoint:
		other = fmt.Sprintf("%q", AudienceTokenEndpoint)
	case r.to.issuer == "":
		other = "the server's issuer"
	}
	audience := fmt.Sprintf("set Assertion.Audience to %s if the server wants that instead of %q", other, a.audience(r.to))
	if strings.Contains(strings.ToLower(description), "aud") {
		return r.clockHint(audience + "; else: " + hint)
	}
	return r.clockHint(hint + " Or " + audience)
}

// spellingHint is about what servers disagree about in Basic authentication.
func (r *report) spellingHint() string {
	cfg := &r.conversation.cfg
	if url.QueryEscape(cfg.ClientID) == cfg.ClientID && url.QueryEscape(r.who.secret) == r.who.secret {
		return ""
	}
	switch cfg.AuthStyle {
	case Basic:
		return "the client id or secret has reserved characters, which are sent form-encoded: " +
			"if the server does not decode them, use AuthStyle client_secret_basic_raw, or client_secret_post"
	case BasicRaw:
		return "the client id or secret has reserved characters, which are sent as they are: " +
			"if the server decodes them, use AuthStyle client_secret_basic, or client_secret_post"
	}
	return ""
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
