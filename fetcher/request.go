package fetcher

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// newForm is what every request's body says, whichever the secret.
func newForm(cfg Config) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}}
	maps.Copy(form, cfg.Params)
	if len(cfg.Scopes) > 0 {
		form.Set("scope", strings.Join(cfg.Scopes, " "))
	}
	if len(cfg.Audience) > 0 {
		form["audience"] = cfg.Audience
	}
	if len(cfg.Resource) > 0 {
		form["resource"] = cfg.Resource
	}
	return form
}

// newRequest builds the token request of RFC 6749 section 4.4.2. nonce is what
// the server wants in a DPoP proof. hide is told what in the request no text
// may show and was not known before.
func (c *conversation) newRequest(ctx context.Context, to *endpoint, who *identity, nonce string, hide func(string)) (*http.Request, error) {
	form := maps.Clone(c.form)
	if err := c.prove(ctx, form, to, who, hide); err != nil {
		return nil, err
	}
	// A strings.Reader gives the request its length and its GetBody, with which
	// net/http may use another connection if an idle one turns out to be dead.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.cfg.TokenRequest.Header.Clone())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	switch c.cfg.AuthStyle {
	case Basic:
		req.Header.Set("Authorization", basic(url.QueryEscape(c.cfg.ClientID), url.QueryEscape(who.secret)))
	case BasicRaw:
		req.Header.Set("Authorization", basic(c.cfg.ClientID, who.secret))
	}
	if who.proof != nil {
		proof, err := c.cfg.DPoP.TokenProof(ctx, who.proof, c.cfg.Clock.Now(), req.Method, to.url, nonce)
		if err != nil {
			return nil, err
		}
		hide(proof)
		req.Header.Set("DPoP", proof)
	}
	return req, nil
}

// prove puts into the form what proves the client, if that is its place. All
// but the Basic styles say there who the client is.
func (c *conversation) prove(ctx context.Context, form url.Values, to *endpoint, who *identity, hide func(string)) error {
	style := c.cfg.AuthStyle
	if style != Basic && style != BasicRaw {
		form.Set("client_id", c.cfg.ClientID)
	}
	switch {
	case style == Post:
		form.Set("client_secret", who.secret)
	case style.sendsAssertion():
		assertion, err := c.assertion(ctx, to, who)
		if err != nil {
			return err
		}
		hide(assertion)
		form.Set("client_assertion_type", c.cfg.Assertion.format())
		form.Set("client_assertion", assertion)
	}
	return nil
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}
