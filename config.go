package alf

import (
	"log/slog"
	"net/http"
	"net/url"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
)

// Config is what [New] makes a [Client] from. TokenURL or Issuer, ClientID, and what AuthStyle proves the client by
// (ClientSecret, if nothing else is said) are required, unless Fetcher or Manager takes their place; the zero value of
// everything else is the default. New copies it; changing it later changes nothing.
//
// However a Config is printed, it prints its TokenURL (without the query) or Issuer, ClientID and Scopes alone. The fmt
// package does look into the unexported fields of other structs behind a type's back, though: what is secret in Params, in
// TokenRequest.Header or in TokenURL's query is better not kept in one. ClientSecret is safe anywhere.
type Config struct {
	// TokenURL is the address of the token endpoint. It must be https unless AllowHTTP says otherwise.
	TokenURL string
	// Issuer takes the place of TokenURL for an authorization server that tells its token endpoint itself, in its metadata (RFC
	// 8414, OpenID Connect Discovery). It must be equal to the issuer in there, to the last character. The metadata are read
	// by the first fetch of a token, and again every hour and after failures that an outdated address would explain; New
	// does not wait for them.
	Issuer string
	// ClientID is the client identifier (RFC 6749 section 2.2).
	ClientID string
	// ClientSecret returns the client secret. It is called at every fetch, so that rotation needs no restart; see [Secret],
	// [SecretEnv] and [SecretFile]. Required by AuthBasic, AuthBasicRaw, AuthPost and AuthSecretJWT (RFC 7518 section 3.2: of
	// 32 bytes at least, with HS256); with any other style it is refused.
	ClientSecret SecretFunc
	// Scopes are asked for as "scope" (RFC 6749 section 3.3), one scope per entry. Empty: the parameter is left out.
	Scopes []string
	// Audience is sent as one "audience" parameter per entry. No RFC defines it for this grant; Auth0 and others want it.
	Audience []string
	// Resource is sent as one "resource" parameter per entry, each an absolute URI (RFC 8707).
	Resource []string
	// Params are further parameters of the token request. Those that have a field of their own are refused.
	Params url.Values
	// AuthStyle is how the client authenticates to the token endpoint. Default: [AuthBasic].
	AuthStyle AuthStyle
	// Assertion says what [AuthSecretJWT], [AuthPrivateKeyJWT] and [AuthExternalAssertion] send.
	Assertion Assertion
	// Certificate returns the client's certificate for mutual TLS (RFC 8705), which [AuthTLS] and [AuthSelfSignedTLS] prove the
	// client by; see [CertificateFiles] and [Certificate]. It is asked at every fetch, and shown to the API as well as to the
	// token endpoint, so that tokens may be bound to it, with any AuthStyle; a token is used no longer than its certificate is
	// valid. HTTPClient.Transport must be an *http.Transport then, or nil; a copy of it is used. So must those of
	// TokenRequest. A base that [Client.Transport] is given shows what its owner had it show.
	Certificate CertificateFunc
	// DPoP has tokens bound to a key, and every request prove that the client holds it (RFC 9449): &alf.DPoP{} does, with a key
	// of its own. A Bearer token is then refused. Signing costs each request about what one signature costs. A proof is new
	// for each time that this client sends a request; where http.Transport by itself sends one again, because a connection
	// it had kept was closed, that carries the same one. Nil: no proofs.
	DPoP *DPoP
	// TokenType is the expected token_type, whatever its case; another one is an error. Default: "Bearer", or "DPoP" with
	// DPoP.
	TokenType string
	// StrictTokenType makes an answer without a token_type an error. By default it is taken for a Bearer token.
	StrictTokenType bool
	// StrictScope makes an answer with a scope other than Scopes an error.
	StrictScope bool
	// TokenRequest holds settings of the connection to the token endpoint; those for the API are in HTTPClient.
	TokenRequest TokenRequest

	// HTTPClient makes the API requests. It is copied, with its Timeout, Jar and CheckRedirect, and its Transport wrapped.
	// Its Timeout bounds the wait for a token as well. Nil: there is no Timeout, so end requests by their contexts. Nil, or
	// without a Transport: a transport of the client's own, cloned from http.DefaultTransport, that keeps up to 1,024 idle
	// connections to one host.
	HTTPClient *http.Client
	// Origins ("https://api.example.com", "https://10.0.0.1:8443") is the whole set of origins the token may go to: a
	// redirect within it carries the token, and a request to any other origin is refused unsent. Empty: the token goes to
	// the origin of each request, and with its redirects only as far as they stay there.
	Origins []string
	// AllowHTTP lists hosts ("host", "host:port", or "*" for any) to which secrets and tokens may be sent over plain http,
	// the token endpoint included. Loopback always may.
	AllowHTTP []string
	// Rejected replaces the rule by which an answer is taken as a refusal of the token. By default that is every 401 except
	// one whose Bearer or DPoP challenge says insufficient_scope or use_dpop_nonce; some servers use 403, or a 200 that holds
	// an error. It is called for every answer to a request that carried the token, concurrently, with a shallow copy of the
	// response whose Body is empty (see RejectedBody). It must not change the headers.
	Rejected func(*http.Response) bool
	// RejectedBody lets Rejected read the first 64 KiB of the body, which is put back whole. It delays every answer until
	// that much, or the end of the body, has arrived.
	RejectedBody bool

	// Policy is how the token manager decides; its zero value is the default.
	Policy Policy
	// Clock is where all time comes from. Default: the real clock. With a clock.Mock nothing happens until it is moved: a round's
	// retries wait for it too, so set Policy.Attempts to 1, or move it from another goroutine. In a bubble of testing/synctest
	// the real clock is simulated already.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter. It is called by one goroutine at a time. Default: math/rand/v2.
	Rand func() float64
	// Hook is called with every [Event] of the token manager, in order and off the hot path. It may be slow, and may use the
	// client. The kinds, causes and classes of events are constants of package manager. Up to 1,024 events wait for it; those
	// beyond are counted in Stats.EventsDropped.
	Hook func(Event)
	// Logger receives every event as well: at Debug what is routine, at Info each new token and each rejection, at Warn
	// failures, backoffs and rejections that were suppressed. Default: none.
	Logger *slog.Logger
	// Fetcher obtains the tokens in place of the built-in one. It must ask for a token at every call: a clientcredentials.Config
	// is one as FetcherFunc(cfg.Token), not through its TokenSource, which would hand out a revoked token again. It excludes
	// the fields from TokenURL to TokenRequest, but for DPoP, which must be the Prover that its tokens are fetched with, or
	// have the Key they are bound to. A certificate that it proves itself with is not shown to APIs: let HTTPClient's
	// transport do that.
	Fetcher Fetcher
	// Manager takes the place of the built-in token manager. It excludes Fetcher, whatever Fetcher excludes, and the fields
	// from Policy to Logger. The client does not close it.
	Manager Source
}

// FetcherConfig returns the part of c that the built-in fetcher is made from: every field of a fetcher.Config has a field of
// the same name here.
func (c Config) FetcherConfig() fetcher.Config {
	return fetcher.Config{
		TokenURL:        c.TokenURL,
		Issuer:          c.Issuer,
		ClientID:        c.ClientID,
		ClientSecret:    c.ClientSecret,
		Scopes:          c.Scopes,
		Audience:        c.Audience,
		Resource:        c.Resource,
		Params:          c.Params,
		AuthStyle:       c.AuthStyle,
		Assertion:       c.Assertion,
		Certificate:     c.Certificate,
		DPoP:            c.DPoP,
		TokenType:       c.TokenType,
		StrictTokenType: c.StrictTokenType,
		StrictScope:     c.StrictScope,
		AllowHTTP:       c.AllowHTTP,
		TokenRequest:    c.TokenRequest,
		Clock:           c.Clock,
	}
}

// ManagerConfig returns the part of c that the built-in token manager is made from, over f, which takes the place of
// c.Fetcher: every other field of a manager.Config has a field of the same name here.
func (c Config) ManagerConfig(f Fetcher) manager.Config {
	return manager.Config{Fetcher: f, Policy: c.Policy, Clock: c.Clock, Rand: c.Rand, Hook: c.Hook, Logger: c.Logger}
}
