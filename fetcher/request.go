package fetcher

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// newForm has what every request's body has, whatever the credentials.
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

// newRequest builds the token request of RFC 6749 section 4.4.2. nonce is what the server requires in a DPoP proof.
// What is secret in the request and was not known before is added to secrets.
func (c *client) newRequest(ctx context.Context, to *endpoint, creds *credentials, nonce string, secrets *[]string) (*http.Request, error) {
	form := maps.Clone(c.form)
	if err := c.authenticate(ctx, form, to, creds, secrets); err != nil {
		return nil, err
	}
	// A strings.Reader gives the request its length and its GetBody, with which net/http may use another connection if
	// an idle one turns out to be dead.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.cfg.TokenRequest.Header.Clone())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	switch c.cfg.AuthStyle {
	case Basic:
		req.Header.Set("Authorization", basic(url.QueryEscape(c.cfg.ClientID), url.QueryEscape(creds.secret)))
	case BasicRaw:
		req.Header.Set("Authorization", basic(c.cfg.ClientID, creds.secret))
	}
	if creds.proofKey != nil {
		proof, err := c.cfg.DPoP.TokenProof(ctx, creds.proofKey, c.cfg.Clock.Now(), req.Method, to.url, nonce)
		if err != nil {
			return nil, err
		}
		*secrets = append(*secrets, proof)
		req.Header.Set("DPoP", proof)
	}
	return req, nil
}

// authenticate adds the client credentials to the form when the style sends them in the body. All but the Basic styles
// send the client's id there.
func (c *client) authenticate(ctx context.Context, form url.Values, to *endpoint, creds *credentials, secrets *[]string) error {
	style := c.cfg.AuthStyle
	if style != Basic && style != BasicRaw {
		form.Set("client_id", c.cfg.ClientID)
	}
	switch {
	case style == Post:
		form.Set("client_secret", creds.secret)
	case style.sendsAssertion():
		assertion, err := c.assertion(ctx, to, creds)
		if err != nil {
			return err
		}
		*secrets = append(*secrets, assertion)
		form.Set("client_assertion_type", c.cfg.Assertion.format())
		form.Set("client_assertion", assertion)
	}
	return nil
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}
