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
	return form
}

// newRequest builds the token request of RFC 6749 section 4.4.2.
func (c *conversation) newRequest(ctx context.Context, secret string) (*http.Request, error) {
	form := c.form
	if c.cfg.AuthStyle == Post {
		form = maps.Clone(form)
		form.Set("client_id", c.cfg.ClientID)
		form.Set("client_secret", secret)
	}
	// A strings.Reader gives the request its length and its GetBody, with which
	// net/http may use another connection if an idle one turns out to be dead.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.cfg.Header.Clone())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	switch c.cfg.AuthStyle {
	case Basic:
		req.Header.Set("Authorization", basic(url.QueryEscape(c.cfg.ClientID), url.QueryEscape(secret)))
	case BasicRaw:
		req.Header.Set("Authorization", basic(c.cfg.ClientID, secret))
	}
	return req, nil
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}
