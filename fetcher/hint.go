package fetcher

import (
	"net/http"
	"net/url"
)

// hint says what might help against an answer, from its status and code.
func (c *conversation) hint(status int, code, secret string) string {
	switch {
	case code == "invalid_client", status == http.StatusUnauthorized && code == "":
		return c.clientHint(secret)
	case isRedirect(status):
		return "redirects are not followed: set TokenURL to the final address"
	case code == "" && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed):
		return "is TokenURL the token endpoint?"
	}
	return ""
}

// clientHint names the one setting that could be at fault, since no other way
// of authenticating is ever tried.
func (c *conversation) clientHint(secret string) string {
	reserved := url.QueryEscape(c.cfg.ClientID) != c.cfg.ClientID || url.QueryEscape(secret) != secret
	switch {
	case c.cfg.AuthStyle == Basic && reserved:
		return "the client id or secret has reserved characters, which are sent form-encoded: " +
			"if the server does not decode them, use AuthStyle client_secret_basic_raw"
	case c.cfg.AuthStyle == BasicRaw && reserved:
		return "the client id or secret has reserved characters, which are sent as they are: " +
			"if the server decodes them, use AuthStyle client_secret_basic"
	case c.cfg.AuthStyle == Post:
		return "if id and secret are right, the server may want AuthStyle client_secret_basic"
	}
	return "if id and secret are right, the server may want AuthStyle client_secret_post"
}
