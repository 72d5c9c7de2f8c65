package fetcher

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/dpop"
)

// Config tells how to ask a token endpoint for a token. TokenURL or Issuer,
// ClientID, and what AuthStyle proves the client by (ClientSecret, if nothing
// else is said) are required; the zero value of everything else is the default.
//
// Whichever way a Config is printed, the values of Header and Params and the
// query of TokenURL are left out. Only inside someone's unexported field fmt
// looks behind a type's methods: do not keep a Config there that has secrets in
// these three. ClientSecret is safe everywhere, as fmt cannot look into it.
type Config struct {
	// TokenURL is the address of the token endpoint, without fragment or user
	// information. It must be https unless AllowHTTP says otherwise.
	TokenURL string
	// Issuer is the identifier of an authorization server that tells its token
	// endpoint itself, in its metadata (RFC 8414, OpenID Connect Discovery). It
	// excludes TokenURL and must be equal to the issuer in the metadata. These
	// are read by the first Fetch, and again every hour and after failures that
	// an outdated address would explain, at most once a minute; while they
	// cannot be read, what they said before holds. Header is not sent there.
	Issuer string
	// ClientID is the client identifier (RFC 6749 section 2.2).
	ClientID string
	// ClientSecret returns the client secret; see [Secret], [SecretEnv] and
	// [SecretFile]. It is needed by the styles that are named after it alone.
	ClientSecret SecretFunc
	// Scopes are asked for as one space-separated "scope" (RFC 6749 section
	// 3.3), one scope per entry. Empty: the parameter is left out.
	Scopes []string
	// Audience is sent as one "audience" parameter per entry.
	Audience []string
	// Resource is sent as one "resource" parameter per entry, each an absolute
	// URI (RFC 8707).
	Resource []string
	// Params are further parameters of the request. Those this package sets
	// itself are refused.
	Params url.Values
	// AuthStyle is how the client authenticates. Default: Basic.
	AuthStyle AuthStyle
	// Assertion says how the styles work that send a client assertion.
	Assertion Assertion
	// Certificate returns the client's certificate for mutual TLS (RFC 8705):
	// what TLS and SelfSignedTLS prove the client by. With
	// any other style it is shown as well, so that tokens can be bound to it.
	// It needs an HTTPClient or Transport, if there is one, that rests on an
	// *http.Transport, of which a copy is used.
	Certificate CertificateFunc
	// DPoP makes proofs of a key that the token is bound to (RFC 9449), so that
	// nobody else can use it; an answer with a Bearer token is then an error.
	// Whoever uses the token needs the same Prover. Nil: no proofs.
	DPoP *dpop.Prover

	// TokenType is the expected token_type, whatever its case; an answer with
	// another one is a permanent error. Default: "Bearer", or "DPoP" with DPoP.
	TokenType string
	// StrictTokenType makes an answer without a token_type an error. By
	// default it is taken for a Bearer token.
	StrictTokenType bool
	// StrictScope makes an answer with a scope other than Scopes, in whatever
	// order, an error. An answer without one grants what was asked (RFC 6749
	// section 5.1). By default the scope is only reported, through the
	// token's Extra("scope").
	StrictScope bool

	// AllowHTTP lists hosts ("host", "host:port" or "*") to which plain http
	// is tolerated. Loopback always is.
	AllowHTTP []string
	// TokenRequest holds the settings of the connection to the token endpoint and to the issuer.
	TokenRequest TokenRequest
	// Clock tells the time from which a token's lifetime counts. Nil: the
	// real one.
	Clock clock.Clock
}

// clone detaches the configuration from whatever the caller does to theirs.
func (c Config) clone() Config {
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
	if c.TokenType == "" {
		c.TokenType = bearer
		if c.DPoP != nil {
			c.TokenType = dpopType
		}
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	return c
}
