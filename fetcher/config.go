package fetcher

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/dpop"
)

// Config says how to request a token from a token endpoint. TokenURL or Issuer, ClientID, and the credentials of
// AuthStyle (ClientSecret by default) are required; the zero value of everything else is the default.
//
// Whichever way a Config is printed, the values of TokenRequest.Header and Params and the query of TokenURL are left
// out. There is one exception: fmt calls no methods on unexported fields of other structs. If a Config is in such a
// field and that struct is printed, these three are printed too. ClientSecret never is, because it is a function.
type Config struct {
	// TokenURL is the address of the token endpoint, without fragment or user information. It must be https unless
	// AllowHTTP allows http.
	TokenURL string
	// Issuer is the identifier of an authorization server, whose metadata have its token endpoint (RFC 8414, OpenID
	// Connect Discovery). It excludes TokenURL and must be equal to the issuer in the metadata. These are read by the
	// first Fetch, and again every hour and after failures that an outdated address would explain, at most once a
	// minute. While they cannot be read, the previous ones remain in use.
	Issuer string
	// Endpoint is the token endpoint, where several clients share one (E1): connections and metadata are shared too.
	// It excludes TokenURL, Issuer and those settings of TokenRequest that are about the connection (all but Header);
	// its own AllowHTTP counts. Nil: an endpoint of the fetcher's own.
	Endpoint *Endpoint
	// ClientID is the client identifier (RFC 6749 section 2.2).
	ClientID string
	// ClientSecret returns the client secret; see [Secret], [SecretEnv] and [SecretFile]. Only the styles
	// client_secret_basic, client_secret_basic_raw, client_secret_post and client_secret_jwt use one.
	ClientSecret SecretFunc
	// Scopes are requested as one space-separated "scope" (RFC 6749 section 3.3), one scope per entry. Empty: the
	// parameter is left out.
	Scopes []string
	// Audience is sent as one "audience" parameter per entry.
	Audience []string
	// Resource is sent as one "resource" parameter per entry, each an absolute URI (RFC 8707).
	Resource []string
	// Params are further parameters of the request. Those that have a field of their own are refused.
	Params url.Values
	// AuthStyle is how the client authenticates. Default: Basic.
	AuthStyle AuthStyle
	// Assertion has the settings of the styles that send a client assertion.
	Assertion Assertion
	// Certificate returns the client's certificate for mutual TLS (RFC 8705), by which the styles TLS and SelfSignedTLS
	// authenticate. With any other style it is presented as well, so that tokens can be bound to it. The transport of
	// TokenRequest, if there is one, must be an *http.Transport; a copy of it is used.
	Certificate CertificateFunc
	// DPoP makes proofs of a key that the token is bound to (RFC 9449), so that no other party can use it; a response
	// with a Bearer token is then an error. The code that uses the token needs the same Prover. Nil: no proofs.
	DPoP *dpop.Prover

	// TokenType is the token_type that the server returns, whatever its case; a response with another one is a
	// permanent error. Default: "Bearer", or "DPoP" with DPoP.
	TokenType string
	// AuthScheme is the scheme under which the token is sent to APIs (RFC 9110 section 11.4); the returned token has it
	// as its TokenType. It differs from TokenType for servers that return, for example, "BearerToken" where the API
	// expects "Bearer". Default: TokenType, spelled as its RFC does.
	AuthScheme string
	// StrictTokenType makes a response without a token_type an error. By default, the token is taken for a Bearer
	// token.
	StrictTokenType bool
	// StrictScope makes a response an error whose scope is not a string with the same scopes as Scopes, in any order. A
	// response without a scope grants what was requested (RFC 6749 section 5.1). By default, the scope is only
	// available through the token's Extra("scope").
	StrictScope bool

	// AllowHTTP lists hosts ("host", "host:port" or "*") to which plain http is allowed. Loopback always is.
	AllowHTTP []string
	// TokenRequest has the settings of the connection to the token endpoint and to the issuer.
	TokenRequest TokenRequest
	// Clock is the clock from which a token's lifetime counts. Nil: the real one.
	Clock clock.Clock
}

// clone returns a copy that the caller's later changes do not affect, with defaults filled in.
func (c Config) clone() Config {
	if c.Endpoint != nil {
		c = c.Endpoint.shared().with(c)
	}
	c.Scopes = slices.Clone(c.Scopes)
	c.Audience = slices.Clone(c.Audience)
	c.Resource = slices.Clone(c.Resource)
	c.AllowHTTP = slices.Clone(c.AllowHTTP)
	c.Params = maps.Clone(c.Params)
	for name, values := range c.Params {
		c.Params[name] = slices.Clone(values)
	}
	header := make(http.Header, len(c.TokenRequest.Header))
	for name, values := range c.TokenRequest.Header {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	c.TokenRequest.Header = header
	if c.TokenRequest.TLS != nil {
		c.TokenRequest.TLS = c.TokenRequest.TLS.Clone()
	}
	c.Assertion = c.Assertion.clone()
	c.TokenType, c.AuthScheme = c.tokenType(), c.authScheme()
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	return c
}
