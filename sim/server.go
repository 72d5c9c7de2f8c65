package sim

import (
	"crypto/ecdsa"
	"net/http"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf"
)

// TokenPath is where the token endpoint is. Every other path is the API.
const TokenPath = "/oauth2/token"

// Server is an authorization server and the API it protects. Make one with [New]; inside a synctest bubble if it is to
// be used there. All methods are safe for concurrent use. What they change holds, unless documented otherwise, for the
// requests that arrive from then on.
//
// It prints as its name only.
type Server struct {
	// One pointer, because fmt follows everything else into unexported fields.
	*state
}

type state struct {
	name     string
	generous bool
	clock    clock.Clock
	api      http.Handler
	stop     chan struct{} // closed by Close
	tls      bool          // of Options

	requestTime            func(*http.Request) time.Time // of Options
	tokenProofs, apiProofs *proofs
	assertions             *seen
	authorities            *authorities
	platformKey            func() *ecdsa.PrivateKey // of WorkloadIdentity
	connections            *connections

	mu             sync.Mutex // guards all that follows; it is never held while a request waits or a handler runs
	client         client     // of Options
	clients        clients    // that were added or registered
	addresses      addresses
	endpoints      map[*alf.TokenEndpoint]bool // that were made here
	tokens         tokens
	all            behavior            // of the token endpoint
	selected       map[which]*behavior // for some requests
	apiLatency     time.Duration
	changeMetadata func(map[string]any)
	refusing       refusing
	records        records
	socket         *socket // nil until Start
	closed         bool
}

// New makes a server that is up and healthy.
func New(o Options) *Server {
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	nonces := newNonceKey()
	s := &Server{&state{
		name:     o.Name,
		generous: o.Generous,
		clock:    o.Clock,
		api:      o.API,
		stop:     make(chan struct{}),
		tls:      o.TLS,

		requestTime: o.RequestTime,
		tokenProofs: newProofs(nonces),
		apiProofs:   newProofs(nonces),
		assertions:  &seen{keep: longestAssertion},
		authorities: newAuthorities(),
		platformKey: sync.OnceValue(newPlatformKey),

		client:     newClient(o.ClientID, o.ClientSecret),
		clients:    newClients(),
		addresses:  newAddresses(),
		endpoints:  map[*alf.TokenEndpoint]bool{},
		all:        behavior{lifetime: &o.Lifetime, latency: &o.Latency, outage: newOutage()},
		selected:   map[which]*behavior{},
		apiLatency: o.APILatency,
		records:    records{refusals: map[Refusal]int{}},
	}}
	s.refusing.otherAudiences = o.CheckAudience
	if s.name == "" {
		s.name = "sim"
	}
	s.tokens = newTokens(s.name)
	s.tokens.jwt = o.JWT
	s.SetNonces(o.NonceLifetime, o.NonceLifetime)
	s.connections = newConnections(s, s.authorities)
	if s.clock == nil {
		s.clock = clock.New()
	}
	if s.api == nil {
		s.api = http.HandlerFunc(echo)
	}
	return s
}

// Config is for a client of this server: alf.New(s.Config()) is ready to use, with requests to [Server.APIURL] or to
// any address at all in memory. It goes over the socket if the server was started, else through memory. Its clock is
// the server's, and its jitter is always the middle of the range, so that a test runs the same each time; reset Rand
// for more variety. The secret is the one that the server expects now; a later [Server.SetClientSecret] does not change
// it.
func (s *Server) Config() alf.Config {
	cfg := s.config(s.TokenURL())
	if t := s.transport(); t != nil {
		cfg.TokenRequest.Transport = t
		cfg.HTTPClient = &http.Client{Transport: t}
	}
	return cfg
}

// ConfigAt is [Server.Config] for a server that is mounted as a handler, over HTTP. base is the address it is mounted
// at, such as an httptest.Server's URL.
func (s *Server) ConfigAt(base string) alf.Config { return s.config(base + TokenPath) }

func (s *Server) config(tokenURL string) alf.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, secret := s.client.sample()
	return alf.Config{
		TokenURL:     tokenURL,
		ClientID:     id,
		ClientSecret: alf.Secret(secret),
		Clock:        s.clock,
		Rand:         func() float64 { return 0.5 },
		Policy:       alf.Policy{UnlimitedRejections: s.generous},
	}
}

// TokenURL is the token endpoint's address: on the socket if the server was started, else one for the RoundTripper.
func (s *Server) TokenURL() string { return s.address("auth") + TokenPath }

// APIURL is the API's address, without a path: on the socket if the server was started, else one for the RoundTripper.
func (s *Server) APIURL() string { return s.address("api") }

// address invents a host for each of the two in memory: in production they mostly are different origins. The top-level
// domain is reserved for this (RFC 6761 section 6.2), so that a request which takes the wrong transport ends nowhere.
func (s *Server) address(role string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket != nil {
		return s.socket.url
	}
	return "https://" + role + "." + s.name + ".test"
}

func (s *Server) started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socket != nil
}

// set changes what the mutex guards.
func (s *Server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}
