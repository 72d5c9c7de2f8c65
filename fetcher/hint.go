package fetcher

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/files"
)

const invalidDPoPProof = "invalid_dpop_proof"

func hintf(format string, args ...any) message { return message{format, args} }

// hint says what may help against a refusal, from its status and code. Not every server has the right code for a client
// that it refuses, so a hint names what a server may mean by it, the most frequent first.
func (b *errorBuilder) hint() message {
	f, status := b.failure, b.failure.status()
	switch code := f.refusal.code; {
	case b.client.cfg.AuthStyle.sendsAssertion() && f.saysReused():
		return b.reuseHint()
	case code == invalidTarget:
		return hintf("the server issues no tokens for that {Resource} or {Audience}: correct it, or have it allowed")
	case code == invalidScope, code == "scope_invalid": // glewlwyd
		return hintf("the server does not know these {Scopes}, or does not allow them for this client: correct them, or have them allowed")
	case code == unauthorizedClient:
		return hintf("the client may not use the client credentials grant or its {AuthStyle}, or, at some servers, {ClientID} or {ClientSecret} is wrong: check these first, then have the grant enabled").
			then("; ", b.spellingHint())
	case code == accessDenied:
		return hintf("a policy of the server refuses this client, or {ClientID} or {ClientSecret} is wrong: check these first, then the client's permissions there").
			then("; ", b.spellingHint())
	case code == "unsupported_grant_type":
		return hintf("the server does not offer the client credentials grant at this address, or not to this client: ").
			then("", b.address("is {TokenURL} the token endpoint? Else have the grant enabled", "have the grant enabled"))
	case code == invalidDPoPProof && f.credentials.proofKey != nil:
		return hintf("the server refuses the DPoP proof: does it see the same URL, or does a proxy change it?")
	case code == invalidDPoPProof, code == useDPoPNonce && f.credentials.proofKey == nil:
		return hintf("the server wants DPoP proofs: set {DPoP}")
	case code == invalidGrant && f.credentials.proofKey != nil:
		// oidc-provider says so of a proof that it has seen before.
		return b.clientHint(f.refusal.description).then("; ", hintf("or the server refuses the DPoP proof: "+repeated))
	case code == invalidGrant, namesCredentials(code):
		return b.clientHint(f.refusal.description)
	case code == "invalid_request" && b.client.cfg.AuthStyle == BasicRaw, code == "server_error":
		// Some servers fail on credentials in the other spelling.
		return b.spellingHint()
	case code != "" && status != http.StatusUnauthorized:
		return message{}
	}
	return b.statusHint(status)
}

const repeated = "does a proxy or an HTTP library beneath this client send the request twice?"

// reuseHint is for a server that has seen the assertion before.
func (b *errorBuilder) reuseHint() message {
	if b.client.cfg.AuthStyle == ExternalAssertion {
		return hintf("the server accepts an assertion once: {Assertion.Source} has to return another one for every token")
	}
	return hintf("the server has seen this assertion before, and each attempt signs another: " + repeated)
}

// statusHint is for a refusal without a code that is known.
func (b *errorBuilder) statusHint(status int) message {
	switch {
	case b.failure.response.isRedirect():
		return hintf("redirects are not followed: ").
			then("", b.address("set {TokenURL} to the final address", "have the issuer's metadata name the final address"))
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return b.address("is {TokenURL} the token endpoint?", "does the issuer's metadata name the right token endpoint?")
	case status == http.StatusTooManyRequests:
		return hintf("the server limits how often tokens are requested: have fewer processes request them, or the limit raised")
	case status == http.StatusUnauthorized:
		return b.clientHint(b.failure.refusal.description)
	case status == http.StatusForbidden:
		return b.clientHint(b.failure.refusal.description).
			then("; ", hintf("or the server refuses the grant, the scopes or this address for the client: it does not say which"))
	case status >= http.StatusInternalServerError:
		return b.spellingHint()
	}
	return message{}
}

// address chooses the text by where the token endpoint's address comes from.
func (b *errorBuilder) address(configured, discovered string) message {
	if b.client.cfg.Issuer != "" {
		return hintf(discovered)
	}
	return hintf(configured)
}

// clientHint names the settings that may be at fault, since no other way of authenticating is ever tried.
func (b *errorBuilder) clientHint(description string) message {
	if hint := b.spellingHint(); !hint.empty() {
		return hint
	}
	cfg, creds := &b.client.cfg, b.failure.credentials
	switch cfg.AuthStyle {
	case Basic, BasicRaw:
		return hintf("if id and secret are right, the server may want {AuthStyle} client_secret_post")
	case Post:
		return hintf("if id and secret are right, the server may want {AuthStyle} client_secret_basic")
	case SecretJWT:
		return b.assertionHint(description, hintf("are id and secret right, and does the server accept client_secret_jwt from this client?"))
	case PrivateKeyJWT:
		kid := "and can the server find it without a kid?"
		if creds.key.ID() != "" {
			kid = fmt.Sprintf("under the kid %q?", creds.key.ID())
		}
		return b.assertionHint(description, hintf("is the public key registered for private_key_jwt with %s, %s", b.algorithm(), kid))
	case ExternalAssertion:
		return hintf("does the server trust the assertion's issuer, and know its subject and audience?")
	}
	hint := hintf("is that certificate registered for the client?")
	if cfg.Issuer == "" {
		hint = hint.then(" ", hintf("Servers may have another token endpoint for mutual TLS, which is found if {Issuer} is set"))
	}
	return hint
}

func (b *errorBuilder) algorithm() string {
	return string(b.client.cfg.keyAlgorithm(b.failure.credentials.key, b.failure.endpoint.algorithms))
}

// assertionHint adds the setting that servers disagree about most; first, if the server's text is about it.
func (b *errorBuilder) assertionHint(description string, hint message) message {
	a, to := &b.client.cfg.Assertion, b.failure.endpoint
	other := fmt.Sprintf("%q", AudienceIssuer)
	switch {
	case a.Audience != "" && a.Audience != AudienceTokenEndpoint:
		other = fmt.Sprintf("%q", AudienceTokenEndpoint)
	case to.issuer == "":
		other = "the server's issuer"
	}
	audience := hintf("set {Assertion.Audience} to %s if the server wants that instead of %q", other, untrusted(a.audience(to)))
	if strings.Contains(strings.ToLower(description), "aud") {
		return audience.then("; else: ", hint)
	}
	return hint.then(" Or ", audience)
}

// spellingHint is about what the credentials look like: white space around them, and what servers disagree about in
// Basic authentication.
func (b *errorBuilder) spellingHint() message {
	cfg, secret := &b.client.cfg, b.failure.credentials.secret
	if margin := files.Margin(secret); margin != "" && cfg.AuthStyle.hasSecret() {
		return hintf("the client secret has %s around it, which is sent with it: remove that", margin)
	}
	if url.QueryEscape(cfg.ClientID) == cfg.ClientID && url.QueryEscape(secret) == secret {
		return message{}
	}
	switch cfg.AuthStyle {
	case Basic:
		return hintf("the client id or secret has reserved characters, which are sent form-encoded: " +
			"if the server does not decode them, use {AuthStyle} client_secret_basic_raw, or client_secret_post")
	case BasicRaw:
		return hintf("the client id or secret has reserved characters, which are sent as they are: " +
			"if the server decodes them, use {AuthStyle} client_secret_basic, or client_secret_post")
	}
	return message{}
}
