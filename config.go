package alf

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// Config is what [New] makes a [Client] from. TokenURL, Issuer or Endpoint, ClientID, and the credentials that
// AuthStyle uses (ClientSecret by default) are required, unless Fetcher or Manager is set; the zero value of
// everything else is the default. New copies it; later changes have no effect.
//
// However a Config is printed, it prints its TokenURL (without the query) or Issuer, ClientID and Scopes alone. There
// is one exception: fmt calls no methods on unexported fields of other structs. If a Config is in such a field and that
// struct is printed, secrets in Params, TokenRequest.Header or the query of TokenURL are printed too. ClientSecret
// never is, because it is a function.
type Config struct {
	// TokenURL is the address of the token endpoint. It must be https unless AllowHTTP permits http.
	TokenURL string
	// Issuer takes the place of TokenURL for an authorization server that publishes its token endpoint in its metadata
	// (RFC 8414, OpenID Connect Discovery). It must be equal to the issuer in the metadata, to the last character. The
	// metadata are read by the first fetch of a token, and again every hour and after failures that an outdated address
	// would explain; New does not wait for them.
	Issuer string
	// Endpoint is the token endpoint, for clients that share one; see [TokenEndpoint]. It excludes TokenURL, Issuer
	// and TokenRequest, apart from TokenRequest.Header; its own AllowHTTP applies to token requests, and that of this
	// Config to the APIs. Nil: an endpoint of the client's own.
	Endpoint *TokenEndpoint
	// ClientID is the client identifier (RFC 6749 section 2.2).
	ClientID string
	// ClientSecret returns the client secret. It is called at every fetch, so that rotation needs no restart; see
	// [Secret], [SecretEnv] and [SecretFile]. Required by AuthBasic, AuthBasicRaw, AuthPost and AuthSecretJWT (RFC 7518
	// section 3.2: of 32 bytes at least, with HS256); with any other style it is refused.
	ClientSecret SecretFunc
	// Scopes are requested as "scope" (RFC 6749 section 3.3), one scope per entry. Empty: the parameter is omitted.
	Scopes []string
	// Audience is sent as one "audience" parameter per entry. No RFC defines it for this grant; Auth0 and others
	// require it.
	Audience []string
	// Resource is sent as one "resource" parameter per entry, each an absolute URI (RFC 8707).
	Resource []string
	// Params are further parameters of the token request. Those that have a field of their own are refused.
	Params url.Values
	// AuthStyle is how the client authenticates to the token endpoint. Default: [AuthBasic].
	AuthStyle AuthStyle
	// Assertion configures what [AuthSecretJWT], [AuthPrivateKeyJWT] and [AuthExternalAssertion] send.
	Assertion Assertion
	// Certificate returns the client's certificate for mutual TLS (RFC 8705), with which [AuthTLS] and
	// [AuthSelfSignedTLS] authenticate; see [CertificateFiles] and [Certificate]. It is called at every fetch. The
	// certificate is presented to the APIs as well as to the token endpoint, so that tokens may be bound to it, with
	// any AuthStyle; a token is used no longer than its certificate is valid. HTTPClient.Transport must be an
	// *http.Transport then, or nil; a copy of it is used. The same applies to TokenRequest. A base given to
	// [Client.Transport] presents what its owner configured.
	Certificate CertificateFunc
	// DPoP binds tokens to a key and adds to every request a proof that the client has it (RFC 9449): &alf.DPoP{}
	// generates a key. A Bearer token is then refused. Each request costs about one signature. Every time this client
	// sends a request, the proof is new; where http.Transport itself sends a request again, because a kept connection
	// was closed, the proof is the same. Nil: no proofs.
	DPoP *DPoP
	// TokenType is the expected token_type, in any case; another one is an error. Default: "Bearer", or "DPoP" with
	// DPoP.
	TokenType string
	// AuthScheme is the scheme under which the token is sent to the APIs. It differs from TokenType for servers that
	// return, for example, "BearerToken" where the APIs expect "Bearer". Default: TokenType, spelled as its RFC does.
	AuthScheme string
	// StrictTokenType makes a response without a token_type an error. By default its token is taken for a Bearer token.
	StrictTokenType bool
	// StrictScope makes a response with a scope other than Scopes an error.
	StrictScope bool
	// TokenRequest configures the connection to the token endpoint; HTTPClient configures those to the APIs. If the
	// Transport of HTTPClient is not an *http.Transport (a mock, instrumentation), TokenRequest has to say what carries
	// token requests: its HTTPClient or Transport is then required.
	TokenRequest TokenRequest

	// HTTPClient makes the API requests. A copy is used: it keeps the Timeout, Jar and CheckRedirect, and its Transport
	// is wrapped. The Timeout includes the wait for a token. HTTPClient sends no token request, unless
	// TokenRequest.HTTPClient is set to it as well. Nil: no Timeout, so that requests end by their contexts. Nil, or
	// without a Transport: a transport of the client's own, cloned from http.DefaultTransport, that keeps up to 1,024
	// idle connections to one host, tries the next address after a few seconds, and closes HTTP/2 connections that no
	// longer respond to pings. A replaced http.DefaultTransport that is no *http.Transport is used as it is.
	HTTPClient *http.Client
	// Origins ("https://api.example.com", "https://10.0.0.1:8443") is the whole set of origins the token may go to: a
	// redirect within it carries the token, and a request to any other origin is refused, unsent. A Host header that
	// differs from the URL's host must be in the set too, because it decides which server responds. Empty: the token
	// goes to the origin of each request, and along a redirect only as long as the whole chain has stayed there.
	Origins []string
	// AllowHTTP lists hosts ("host", "host:port", or "*" for any) to which secrets and tokens may be sent over plain
	// http, the token endpoint included. Loopback is always allowed.
	AllowHTTP []string
	// Rejected replaces the rule by which a response rejects the token. By default every 401 does, except one whose
	// Bearer or DPoP challenges say insufficient_scope or use_dpop_nonce, and none of them invalid_token. It is for
	// servers that use 403 instead, or a 200 that contains an error. It is called for every response to a request that
	// carried the token, concurrently, with a shallow copy of the response whose Body is empty (see RejectedBody). It
	// must not change the headers.
	Rejected func(*http.Response) bool
	// RejectedBody lets Rejected read the first 64 KiB of the body; the caller still gets all of it. It delays every
	// response until that much, or the end of the body, has arrived. It requires Rejected.
	RejectedBody bool

	// Store is where the token is shared with other processes: those with the same store that request the same token
	// make one token request per lifetime between them. A store that does not work costs requests of each process's
	// own, and fails none to the APIs. Data in it is sealed. What is sealed with is derived from ClientSecret, of 16
	// bytes at least, or from StoreKey. The client does not close it. It excludes Certificate, because tokens may be
	// bound to it; with DPoP, DPoP.Key is required, and has to be the same in all processes. Nil: the token is not
	// shared.
	Store store.Store
	// StoreKey returns the key for Store, and the previous one while it is being replaced (else nil): 16 bytes at
	// least, 32 random ones as a rule; see [StoreKey]. It is called off the hot path, often. It is required where there
	// is no ClientSecret, and recommended always: with it, a client secret can be replaced process by process, and a
	// party that learns the client secret cannot read the store.
	StoreKey func(ctx context.Context) (current, previous []byte, err error)

	// Policy configures the decisions of the token manager; its zero value is the default.
	Policy Policy
	// Clock is where all time comes from. Default: the real clock. With a clock.Mock nothing happens until it is moved:
	// a round's retries wait for it too, so set Policy.Attempts to 1, or move it from another goroutine. In a bubble of
	// testing/synctest the real clock is simulated already.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter. It is called by one goroutine at a time. Default: math/rand/v2.
	Rand func() float64
	// Hook is called with every [Event] of the token manager, in order and off the hot path. It may be slow, and may
	// use the client. The kinds, causes and classes of events are constants of package manager. Up to 1,024 events wait
	// for it; those beyond are counted in Stats.EventsDropped.
	Hook func(Event)
	// Logger receives every event as well: at Debug what is routine, at Info each new token and each rejection, at Warn
	// failures, backoffs and rejections that were suppressed. Default: none.
	Logger *slog.Logger
	// WrapFetcher is called once by [New] with the built-in fetcher, and returns what the token manager uses in its
	// place, such as one that counts, delays or annotates fetches; manager.FetchInfoFrom reports to it why a fetch is
	// made. It must not return nil. It is excluded by Fetcher and Manager.
	WrapFetcher func(Fetcher) Fetcher
	// Fetcher obtains the tokens in place of the built-in one. It must request a token at every call: a
	// clientcredentials.Config is one as FetcherFunc(cfg.Token), not through its TokenSource, which would return a
	// revoked token again. It excludes the fields from TokenURL to TokenRequest, except DPoP, which must be the Prover
	// that its tokens are fetched with, or have the Key they are bound to. A certificate that it authenticates with is
	// not presented to APIs: configure that in HTTPClient's transport.
	Fetcher Fetcher
	// Manager takes the place of the built-in token manager. It excludes Fetcher, whatever Fetcher excludes, and the
	// fields from Policy to Logger. The client does not close it.
	Manager Source
}

// clone returns a copy that later changes of its slices and maps do not affect, for what is made from it later.
func (c Config) clone() Config {
	t := Target{Scopes: c.Scopes, Audience: c.Audience, Resource: c.Resource, Params: c.Params}.clone()
	c.Scopes, c.Audience, c.Resource, c.Params = t.Scopes, t.Audience, t.Resource, t.Params
	c.Origins, c.AllowHTTP = slices.Clone(c.Origins), slices.Clone(c.AllowHTTP)
	c.TokenRequest.Header = c.TokenRequest.Header.Clone()
	a := &c.Assertion
	a.CertificateHeader, a.Header, a.Claims = slices.Clone(a.CertificateHeader), maps.Clone(a.Header), maps.Clone(a.Claims)
	return c
}

// FetcherConfig returns the part of c that the built-in fetcher is made from: every field of a fetcher.Config has a
// field of the same name here.
func (c Config) FetcherConfig() fetcher.Config {
	return fetcher.Config{
		TokenURL:        c.TokenURL,
		Issuer:          c.Issuer,
		Endpoint:        c.Endpoint.forFetcher(),
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
		AuthScheme:      c.AuthScheme,
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
	return manager.Config{
		Fetcher:  f,
		Endpoint: c.Endpoint.forManager(),
		ClientID: c.ClientID,
		Sharing:  c.sharing(),
		Policy:   c.Policy,
		Clock:    c.Clock,
		Rand:     c.Rand,
		Hook:     c.Hook,
		Logger:   c.Logger,
	}
}
