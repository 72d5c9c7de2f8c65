package sim

import (
	"crypto/tls"
	"net/http"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/mtls"
)

// Configure returns a configuration as it is in production, except that it leads to this server, which knows the client
// from then on. So a test runs what will run:
//
//	server := sim.New(sim.Options{})
//	cfg, err := server.Configure(orders.Config()) // the production configuration
//	client, err := alf.New(cfg)
//
// The server takes the place of the whole network: TokenURL or Issuer remain as they are, and so does every address
// that requests are sent to. The metadata of the Issuer, the token endpoint and the APIs are all found here. With
// neither, TokenURL is the server's own.
//
// The client is registered (see [Registration]) for its AuthStyle, and with what its functions return now: the secret;
// the public key of Assertion.Key or Assertion.Certificate; the certificate, with the authority at the end of its
// chain; the issuer, subject and audience of what Assertion.Source returns. With DPoP, it is registered for bound
// tokens. So a credential that is replaced later is refused until it is registered as well: by Configure again, by
// [Server.Register], or, for a secret, by [Server.AddClient].
//
// What changes in the configuration is what says where to connect: the transports of HTTPClient and TokenRequest, of
// which Timeout, Jar, CheckRedirect and the settings of an *http.Transport are kept, and TokenRequest.Proxy, TLS and
// Renegotiation; a Clock and a Rand that are not set, as in [Server.Config]; with [Options].Generous,
// Policy.UnlimitedRejections. An Endpoint must be one of [Server.NewTokenEndpoint]. Everything else is the caller's.
//
// Different authorization servers may know different clients by the same id: what is registered here holds for the
// TokenURL or Issuer of the configuration. AddClient and Register are about all clients of an id.
//
// In memory, a configuration without a certificate needs no connections. One with a certificate has them, through
// memory too, until the client is closed. If the server was started, all requests go over its socket.
//
// The error joins an *[alf.FieldError] for every field that keeps the server from taking the place of the network, and
// for every one that alf.New would refuse.
func (s *Server) Configure(cfg alf.Config) (alf.Config, error) {
	if err := s.unservable(cfg); err != nil {
		return alf.Config{}, err
	}
	cfg = s.connect(cfg)
	if err := cfg.Validate(); err != nil {
		return alf.Config{}, err
	}
	if err := s.registerClientOf(cfg); err != nil {
		return alf.Config{}, err
	}
	return cfg, nil
}

// unservable is about fields by which token requests would pass this server by.
func (s *Server) unservable(cfg alf.Config) error {
	var p problems
	if cfg.Manager != nil {
		p.add("Manager", "it obtains the tokens by itself, from elsewhere", "remove it, and let alf.New make one")
	}
	if cfg.Fetcher != nil {
		p.add("Fetcher", "it requests the tokens by itself, from elsewhere",
			"remove it, or have it send its requests to Server.TokenURL through Server.RoundTripper, and use Server.Config")
	}
	if cfg.Endpoint != nil {
		made := false
		s.set(func() { made = s.endpoints[cfg.Endpoint] })
		if !made {
			p.add("Endpoint", "it has connections of its own, which lead elsewhere", "make it by Server.NewTokenEndpoint")
		}
	}
	if a := cfg.Assertion.Format; a != "" && a != jwtBearer {
		p.add("Assertion.Format", "the server verifies JSON Web Tokens only", "leave it empty, or have Server.Respond handle the token requests")
	}
	return p.of("Config")
}

// connect makes a configuration lead here.
func (s *Server) connect(cfg alf.Config) alf.Config {
	if cfg.TokenURL == "" && cfg.Issuer == "" && cfg.Endpoint == nil {
		cfg.TokenURL = s.TokenURL()
		if cfg.Certificate != nil { // the socket serves both
			cfg.TokenURL = "https" + strings.TrimPrefix(strings.TrimPrefix(cfg.TokenURL, "https"), "http")
		}
	}
	own := s.Config()
	if cfg.Clock == nil {
		cfg.Clock = own.Clock
	}
	if cfg.Rand == nil {
		cfg.Rand = own.Rand
	}
	cfg.Policy.UnlimitedRejections = cfg.Policy.UnlimitedRejections || s.generous
	cfg.HTTPClient = s.connectClient(cfg.HTTPClient, cfg.Certificate != nil)
	if cfg.Endpoint == nil {
		cfg.TokenRequest = s.connectRequests(cfg.TokenRequest, cfg.Certificate != nil)
	}
	return cfg
}

// connectClient returns a client like a given one, or like that of net/http for nil, whose requests come here.
func (s *Server) connectClient(given *http.Client, certificate bool) *http.Client {
	c := new(http.Client)
	if given != nil {
		*c = *given
	}
	c.Transport = s.inPlaceOf(c.Transport, nil, certificate)
	return c
}

// connectRequests does so for token requests.
func (s *Server) connectRequests(r alf.TokenRequest, certificate bool) alf.TokenRequest {
	if r.HTTPClient != nil {
		r.HTTPClient = s.connectClient(r.HTTPClient, certificate)
		return r
	}
	r.Transport = s.inPlaceOf(r.Transport, r.TLS, certificate)
	r.Proxy, r.TLS, r.Renegotiation = nil, nil, 0
	return r
}

// inPlaceOf returns a transport that leads here, in place of a given one, or of one of the client's own with these TLS
// settings. There have to be connections where a certificate is presented, or if the server was started.
func (s *Server) inPlaceOf(given http.RoundTripper, settings *tls.Config, certificate bool) http.RoundTripper {
	template, _ := given.(*http.Transport)
	if template == nil {
		template = &http.Transport{MaxIdleConnsPerHost: maxIdle, TLSClientConfig: settings}
	}
	if certificate || s.started() || mtls.HasOwn(template.TLSClientConfig) {
		return s.like(template)
	}
	return s.RoundTripper()
}

// NewTokenEndpoint makes an [alf.TokenEndpoint] for configurations that share one in production, and are passed to
// [Server.Configure] each. What changes in the configuration of the endpoint is the same as there. Its connections,
// which go through memory if the server was not started, end with [Server.Close]. The error is that of
// [alf.NewTokenEndpoint].
func (s *Server) NewTokenEndpoint(cfg alf.TokenEndpointConfig) (*alf.TokenEndpoint, error) {
	own := s.Config()
	if cfg.TokenURL == "" && cfg.Issuer == "" {
		cfg.TokenURL = own.TokenURL
	}
	if cfg.Clock == nil {
		cfg.Clock = own.Clock
	}
	if cfg.Rand == nil {
		cfg.Rand = own.Rand
	}
	// Its clients may have certificates, for which there have to be connections.
	cfg.TokenRequest = s.connectRequests(cfg.TokenRequest, true)
	endpoint, err := alf.NewTokenEndpoint(cfg)
	if err == nil {
		s.set(func() {
			s.addresses.add(cfg.TokenURL, cfg.Issuer)
			s.endpoints[endpoint] = true
		})
	}
	return endpoint, err
}
