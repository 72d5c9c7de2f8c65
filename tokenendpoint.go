package alf

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
)

// TokenEndpoint is a token endpoint that several clients share. Make one with [NewTokenEndpoint] and set it as
// Config.Endpoint of each. It needs no Close: what it holds ends with the last client that uses it. It is safe for
// concurrent use, and prints as the endpoint's address.
//
// The clients share:
//
//   - the connections to the endpoint, apart from those that present different certificates, and the issuer's metadata,
//     which are read once for all;
//   - a limit on the token requests in flight. Those that callers wait for come first, and client ids take turns; while
//     others wait, one has at most a quarter of the limit. A queue makes no caller fail: the time of an attempt starts
//     when its request does, and only the caller's context bounds the wait;
//   - what is known of the endpoint's health. A 429 or a Retry-After puts all tokens of that client id on hold. Once
//     two client ids have met a connection failure, a time-out or a 5xx, with no success in between, the endpoint is
//     suspect: there is one probe per backoff for all clients together, the others continue with the tokens they have,
//     and callers without one fail at once with an error in which errors.As finds a [HeldError]. Any success ends that.
//     A refusal of one client's credentials or scope affects no other client, nor does what only one client id meets.
type TokenEndpoint struct {
	// A pointer, because fmt does not follow one in an unexported field.
	shared *sharedEndpoint
}

// sharedEndpoint is the state behind a TokenEndpoint.
type sharedEndpoint struct {
	fetcher *fetcher.Endpoint
	manager *manager.Endpoint
	config  TokenEndpointConfig // what a token request depends on; it never changes

	mu      sync.Mutex
	clients int // that use it
}

// TokenEndpointConfig is what [NewTokenEndpoint] makes a [TokenEndpoint] from. TokenURL or Issuer is required; the zero
// value of everything else is the default. It prints as [Config] does.
type TokenEndpointConfig struct {
	// TokenURL is the address of the token endpoint, as [Config].TokenURL.
	TokenURL string
	// Issuer takes the place of TokenURL, as [Config].Issuer.
	Issuer string
	// AllowHTTP lists hosts to which token requests may be sent over plain http, as [Config].AllowHTTP.
	AllowHTTP []string
	// TokenRequest configures the connection, as [Config].TokenRequest. Its Header applies to the token requests of all
	// clients; a header of the same name in Config.TokenRequest.Header takes its place.
	TokenRequest TokenRequest
	// MaxInFlight is how many token requests may be in flight at the same time, from 1 to 100,000. Default: 64.
	MaxInFlight int
	// Clock is where all time comes from, as [Config].Clock. Default: the real clock.
	Clock clock.Clock
	// Rand returns numbers in [0, 1), for jitter, as [Config].Rand does. It is called by one goroutine at a time.
	Rand func() float64
	// Hook is called with what happens to the endpoint and is about no single token: manager.EndpointSuspect and the
	// kinds beside it. It is called in order, and may be slow, as [Config].Hook. A client's own Hook does not get
	// these.
	Hook func(Event)
	// Logger receives the same events: suspicion, failed probes and holds at Warn, recovery at Info, probes at Debug.
	Logger *slog.Logger
}

// Validate returns everything that [NewTokenEndpoint] would refuse as one error, which joins a *[FieldError] for each
// field; nil if the configuration can be used.
func (c TokenEndpointConfig) Validate() error {
	var p problems
	p.join(c.fetcherConfig().Validate())
	p.join(c.managerConfig().Validate())
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("alf: unusable TokenEndpointConfig:\n%w", errors.Join(p...))
}

func (c TokenEndpointConfig) fetcherConfig() fetcher.EndpointConfig {
	return fetcher.EndpointConfig{TokenURL: c.TokenURL, Issuer: c.Issuer, AllowHTTP: c.AllowHTTP, TokenRequest: c.TokenRequest, Clock: c.Clock}
}

func (c TokenEndpointConfig) managerConfig() manager.EndpointConfig {
	return manager.EndpointConfig{MaxInFlight: c.MaxInFlight, Clock: c.Clock, Rand: c.Rand, Hook: c.Hook, Logger: c.Logger}
}

// config is the part of a Config that says the same.
func (c TokenEndpointConfig) config() Config { return Config{TokenURL: c.TokenURL, Issuer: c.Issuer} }

// String describes the configuration without anything that may be secret.
func (c TokenEndpointConfig) String() string {
	return "alf.TokenEndpointConfig(" + c.config().FetcherConfig().String() + ")"
}

// GoString returns what String does.
func (c TokenEndpointConfig) GoString() string { return c.String() }

// Format prints what String returns, whatever the verb.
func (c TokenEndpointConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText returns what String does.
func (c TokenEndpointConfig) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// NewTokenEndpoint makes a TokenEndpoint. It sends nothing. The error joins a [FieldError] for every setting that makes
// no sense.
func NewTokenEndpoint(cfg TokenEndpointConfig) (*TokenEndpoint, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f, err := fetcher.NewEndpoint(cfg.fetcherConfig())
	if err != nil {
		return nil, err
	}
	forManager := cfg.managerConfig()
	forManager.Name = f.Address()
	m, err := manager.NewEndpoint(forManager)
	if err != nil {
		return nil, err
	}
	cfg.TokenRequest.Header = cfg.TokenRequest.Header.Clone()
	return &TokenEndpoint{&sharedEndpoint{fetcher: f, manager: m, config: cfg}}, nil
}

// TokenEndpointStats is how things stand at a [TokenEndpoint].
type TokenEndpointStats struct {
	// Clients is how many clients use it.
	Clients int
	// InFlight is how many token requests are in flight, and Waiting how many wait for the limit, or for the end of a
	// hold or of a backoff.
	InFlight, Waiting int
	// Suspect says that the endpoint does not work, as far as is known.
	Suspect bool
	// NextProbe is when a caller may cause the next attempt, on the wall clock. Zero unless Suspect, and while a probe
	// is in flight.
	NextProbe time.Time
	// Suspected counts how often the endpoint became suspect, Probes the token requests that were to show whether it
	// still was, and Held how often it asked a client id for a pause.
	Suspected, Probes, Held uint64
	// EventsDropped counts events that were lost because Hook or Logger was too slow, and HookPanics their panics.
	EventsDropped, HookPanics uint64
}

// Stats reports how things stand. It does not wait for anything.
func (e *TokenEndpoint) Stats() TokenEndpointStats {
	s := e.shared
	now := s.manager.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	return TokenEndpointStats{
		Clients: s.clients, InFlight: now.InFlight, Waiting: now.Waiting, Suspect: now.Suspect, NextProbe: now.NextProbe,
		Suspected: now.Suspected, Probes: now.Probes, Held: now.Held,
		EventsDropped: now.EventsDropped, HookPanics: now.HookPanics,
	}
}

// String returns the endpoint's address, without its query.
func (e *TokenEndpoint) String() string {
	if e == nil || e.shared == nil {
		return "alf.TokenEndpoint(unusable)"
	}
	return "alf.TokenEndpoint(" + e.shared.fetcher.String() + ")"
}

// GoString returns what String does.
func (e *TokenEndpoint) GoString() string { return e.String() }

// Format prints what String returns, whatever the verb.
func (e *TokenEndpoint) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// MarshalText returns what String does.
func (e *TokenEndpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// forFetcher is the part of e that the built-in fetcher uses; nil without e.
func (e *TokenEndpoint) forFetcher() *fetcher.Endpoint {
	switch {
	case e == nil:
		return nil
	case e.shared == nil:
		return new(fetcher.Endpoint) // which Validate refuses
	}
	return e.shared.fetcher
}

// forManager is the part of e that the token manager uses; nil without e.
func (e *TokenEndpoint) forManager() *manager.Endpoint {
	switch {
	case e == nil:
		return nil
	case e.shared == nil:
		return new(manager.Endpoint)
	}
	return e.shared.manager
}

// within returns a configuration that uses the endpoint in place of settings of its own.
func (e *TokenEndpoint) within(c Config) Config {
	if c.Endpoint == nil {
		c.Endpoint, c.TokenURL, c.Issuer, c.TokenRequest = e, "", "", TokenRequest{Header: c.TokenRequest.Header}
	}
	return c
}

// use counts a client, and returns what ends that: the last one to go closes the idle connections.
func (e *TokenEndpoint) use() (end func() error) {
	s := e.shared
	s.mu.Lock()
	s.clients++
	s.mu.Unlock()
	var once sync.Once
	return func() error {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.clients--; s.clients == 0 {
				s.fetcher.CloseIdleConnections()
			}
		})
		return nil
	}
}
