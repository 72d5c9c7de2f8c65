package alf

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/transport"
	"github.com/alf-go/alf/manager"
)

// ErrPoolFull is what errors.Is finds in the error of a request whose token is not in the [Pool], and cannot be added:
// see [PoolConfig].MaxBusy.
var ErrPoolFull = manager.ErrPoolFull

// PoolConfig is what [NewPool] makes a [Pool] from. It prints as its Config does.
type PoolConfig struct {
	// Config is the configuration that all tokens have in common, as for [New]. A [Target] replaces some of it. Its
	// Fetcher and Manager are refused, because they could not distinguish targets. WrapFetcher is called at most once
	// for each client that [Pool.Client] returns, and for each target of a context. Its Hook and Logger also get what
	// happens to the token endpoints that the pool's tokens share (manager.EndpointSuspect and the kinds beside it). An
	// Endpoint has a Hook and a Logger of its own.
	//
	// With Tenant, it has the part that belongs to the pool alone, and TokenRequest, which is that of every tenant
	// whose own is zero.
	Config Config
	// Tenant returns the configuration of a tenant, so that each may have its own client id, secret and authorization
	// server. It is called before a tenant's first fetch and then at every further one, so that a changed configuration
	// takes effect at the next fetch. It may be called concurrently, but not for the same tenant, on a goroutine that
	// belongs to no caller; ctx ends after 5 s. If it fails, hangs or panics, the tenant's callers get a
	// *[TenantError], and it is called again after 0.5 s at the earliest, after 5 s if it fails again and again.
	//
	// It may set TokenURL, Issuer, Endpoint, ClientID, ClientSecret, Scopes, Audience, Resource, Params, AuthStyle,
	// Assertion, TokenType, AuthScheme, StrictTokenType, StrictScope, AllowHTTP (which then holds for its token
	// requests) and TokenRequest. All else belongs to the pool alone and is refused: DPoP, Certificate, HTTPClient,
	// Origins, Rejected and RejectedBody, because requests to the APIs depend on them too; Policy, Clock, Rand, Hook,
	// Logger and WrapFetcher; Fetcher and Manager.
	//
	// Tenants whose configurations make the same token request share its token. Functions, such as a ClientSecret that
	// is no constant, are the same only for the same tenant; those of the pool's TokenRequest are the same for all. So
	// tenants that return a TokenRequest with a Proxy share no endpoint: set it in PoolConfig.Config, or return one
	// [TokenEndpoint] for all as Endpoint.
	Tenant func(ctx context.Context, name string) (Config, error)
	// Origins says which target requests to an origin ("https://stock.example.com") get the token of, if they are sent
	// by [Pool.HTTPClient] or through [Pool.Transport]. It is the whole set: requests to any other origin are refused,
	// unsent, as are those whose context names another target than the table. A redirect carries the token as far as it
	// stays within the origins of the same target. It excludes Config.Origins. Nil: the context says which target
	// ([WithTarget]); without one it is the zero Target.
	Origins map[string]Target
	// IdleTime is after how long without use a token is forgotten, 1 minute at least. Default: 1 hour.
	IdleTime time.Duration
	// MaxTokens is how many tokens are kept at most. The one that was not used for the longest time makes room for
	// another one. Default: 100,000.
	MaxTokens int
	// MaxBusy is how many tokens may be busy when another one is added; beyond, requests for further ones fail with
	// [ErrPoolFull]. Busy are those that are waited for, watched, being fetched or contested, or whose fetches have
	// failed in the last minute in which they were asked for. They are never removed to make room. Default: 10,000.
	MaxBusy int
}

// String describes the configuration without anything that may be secret.
func (c PoolConfig) String() string { return "alf.PoolConfig(" + c.Config.redacted() + ")" }

// GoString returns what String does.
func (c PoolConfig) GoString() string { return c.String() }

// Format prints what String returns, whatever the verb.
func (c PoolConfig) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// MarshalText returns what String does.
func (c PoolConfig) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Validate returns everything that [NewPool] would refuse as one error, which joins a *[FieldError] for each field; nil
// if the configuration can be used.
func (c PoolConfig) Validate() error {
	var p problems
	const indistinct = "it could not distinguish targets"
	if c.Config.Manager != nil {
		p.add("Config.Manager", indistinct, "remove it, and use alf.New for clients of one token")
	}
	if c.Config.Fetcher != nil {
		p.add("Config.Fetcher", indistinct, "remove it, and use alf.New for clients of one token")
	}
	if len(p) == 0 {
		c.checkConfig(&p)
	}
	if len(c.Origins) > 0 && len(c.Config.Origins) > 0 {
		p.add("Config.Origins", "excluded by Origins, which is the whole set", "remove one of the two")
	}
	for _, origin := range slices.Sorted(maps.Keys(c.Origins)) {
		var found problems
		Config{Origins: []string{origin}, AllowHTTP: c.Config.AllowHTTP}.checkOrigins(&found)
		for _, e := range FieldErrors(errors.Join(found...)) {
			p.add(fmt.Sprintf("Origins[%q]", origin), e.Problem, e.Remedy)
		}
		if err := c.checkTarget(c.Origins[origin]); err != nil {
			p.nested(fmt.Sprintf("Origins[%q]", origin), err)
		}
	}
	p.join(c.managerConfig().Validate())
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("alf: unusable PoolConfig:\n%w", errors.Join(p...))
}

// checkConfig checks what all tokens have in common.
func (c PoolConfig) checkConfig(p *problems) {
	if c.Tenant == nil {
		p.nested("Config", c.Config.Validate())
		return
	}
	for _, field := range c.Config.fieldsOf(fetcher.Config{}) {
		if field != "Certificate" && field != "TokenRequest" && !isPartOf(field, "TokenRequest") {
			p.add("Config."+field, "belongs to each tenant's configuration", "have the Tenant function return it")
		}
	}
	var found problems
	c.Config.checkOrigins(&found)
	c.Config.checkAllowHTTP(&found)
	c.Config.checkBinding(&found)
	c.Config.checkSharing(&found)
	found.join(c.Config.ManagerConfig(new(fetcher.Fetcher)).Validate())
	p.nested("Config", errors.Join(found...))
}

func isPartOf(field, group string) bool {
	return len(field) > len(group) && field[:len(group)+1] == group+"."
}

// checkTarget checks a target as far as that is possible without a tenant's configuration.
func (c PoolConfig) checkTarget(t Target) error {
	switch {
	case c.Tenant == nil && t.Tenant != "":
		return &FieldError{Field: "Tenant", Problem: "the pool has no tenants", Remedy: "set PoolConfig.Tenant, or unset it"}
	case c.Tenant != nil && t.Tenant == "":
		return &FieldError{Field: "Tenant", Problem: "missing", Remedy: "name the tenant"}
	case c.Tenant != nil:
		return nil
	}
	return t.Apply(c.Config).FetcherConfig().Validate()
}

func (c PoolConfig) managerConfig() manager.PoolConfig {
	return manager.PoolConfig{
		Policy: c.Config.Policy, Clock: c.Config.Clock, Rand: c.Config.Rand, Hook: c.Config.Hook, Logger: c.Config.Logger,
		IdleTime: c.IdleTime, MaxTokens: c.MaxTokens, MaxBusy: c.MaxBusy,
	}
}

// Pool is many tokens of one process: one for each [Target], created on first use. What a [Client] promises of its
// token holds for each of them, and a failure of one affects no other. A few goroutines own all tokens; an idle token
// costs neither a goroutine nor a timer. Tokens of the same token endpoint share what a [TokenEndpoint] shares.
//
// Make one with [NewPool], share it, and Close it when it is no longer needed. All methods are safe for concurrent use.
// It prints as its name only.
type Pool struct {
	// A pointer, because fmt does not follow one in an unexported field.
	*pool
}

// Format prints the type's name, whatever the verb.
func (Pool) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.Pool") }

// pool is the state behind a Pool.
type pool struct {
	cfg      PoolConfig
	clock    clock.Clock
	tokens   *manager.Pool
	shared   *client // what all clients of the pool have in common: it has no source
	counters transport.Counters
	refs     references
	tenants  *tenants
	origins  []originTarget
	known    knownTokens

	certificates certificates
	endpoints    endpoints

	mu      sync.Mutex
	clients map[manager.Key]*Client // of targets in contexts and Origins
}

// NewPool makes a pool. It sends nothing until the first request needs a token. The error joins a [FieldError] for
// every setting that makes no sense.
func NewPool(cfg PoolConfig) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Config = cfg.Config.clone()
	p := &pool{cfg: cfg, clock: cfg.Config.Clock, clients: make(map[manager.Key]*Client)}
	if p.clock == nil {
		p.clock = clock.New()
		p.cfg.Config.Clock = p.clock
	}
	p.cfg.Config.Hook = oneAtATime(cfg.Config.Hook)
	p.endpoints.like = TokenEndpointConfig{
		Clock: p.clock, Rand: cfg.Config.Rand, Hook: p.cfg.Config.Hook, Logger: cfg.Config.Logger,
	}
	if cfg.Tenant != nil {
		p.tenants = &tenants{call: cfg.Tenant, check: p.tenantConfig, clock: p.clock}
	}
	var err error
	if p.tokens, err = manager.NewPool(p.cfg.managerConfig()); err != nil {
		return nil, err
	}
	p.startShared()
	for origin, target := range cfg.Origins {
		p.origins = append(p.origins, originTarget{origin, PrepareTarget(target)})
	}
	return &Pool{p}, nil
}

// oneAtATime is a hook that is called by one goroutine at a time, though tokens and endpoints have queues of their own.
// It waits on a channel, because a bubble of testing/synctest whose hook sleeps would hang at a mutex.
func oneAtATime(hook func(Event)) func(Event) {
	if hook == nil {
		return nil
	}
	busy := make(chan struct{}, 1)
	return func(e Event) {
		busy <- struct{}{}
		defer func() { <-busy }()
		hook(e)
	}
}

// Client returns the client of a target: it offers everything that a client made by [New] does. It is small, and may be
// made for each use as well as kept. Clients of the same target share its token. A target that makes no sense is
// reported by whatever is done with the client. Its Stats count the requests of all clients of the pool. Closing it
// closes nothing else.
func (p *Pool) Client(t Target) *Client { return p.newClient(PrepareTarget(t)) }

// Token returns the token of the target that ctx names ([WithTarget]), or of the zero Target, as [Client.Token] does:
// for code that sends it itself.
func (p *Pool) Token(ctx context.Context) (*Token, error) {
	t := targetOf(ctx)
	if t == nil {
		t = zeroTarget
	}
	return p.clientOf(t).Token(ctx)
}

// Forget removes the token of a target, and what is known of its tenant: the next request has another one fetched, with
// the configuration as it is then. Clients of the target go on working, and requests that wait go on waiting. Targets
// that share the token lose it too.
func (p *Pool) Forget(t Target) {
	source := p.newSource(PrepareTarget(t))
	if p.tenants != nil {
		p.tenants.forget(t.Tenant)
	}
	for _, key := range p.keysOf(source) {
		p.tokens.Forget(key)
	}
}

// PoolStats is what a [Pool] has counted since it was made. It contains no secret.
type PoolStats struct {
	// PoolStats is about the tokens.
	manager.PoolStats
	// Requests is about requests to the APIs; its Stats are zero.
	Requests Stats
}

// Stats returns what was counted.
func (p *Pool) Stats() PoolStats {
	return PoolStats{PoolStats: p.tokens.Stats(), Requests: counted(&p.counters)}
}

// CloseIdleConnections closes the idle connections to the APIs; those in use are not affected.
func (p *Pool) CloseIdleConnections() { (&poolTransport{p.pool, p.shared.base}).CloseIdleConnections() }

// Close ends the pool and all its clients: requests that wait for a token, and all that come later, fail with
// [ErrClosed], unsent; those already sent get their responses. It closes idle connections of transports that NewPool
// made. Further calls wait until the first one has ended. The error is always nil.
func (p *Pool) Close() error {
	err := p.tokens.Close()
	for _, closeOne := range p.shared.closers {
		_ = closeOne()
	}
	p.endpoints.close()
	return err
}

// tenantConfig completes what a Tenant function has returned, or refuses it.
func (p *pool) tenantConfig(cfg Config) (Config, error) {
	var found problems
	own := &p.cfg.Config
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Certificate", cfg.Certificate != nil}, {"DPoP", cfg.DPoP != nil}, {"HTTPClient", cfg.HTTPClient != nil},
		{"Origins", cfg.Origins != nil}, {"Rejected", cfg.Rejected != nil}, {"RejectedBody", cfg.RejectedBody},
		{"Store", cfg.Store != nil}, {"StoreKey", cfg.StoreKey != nil}, {"Policy", cfg.Policy != Policy{}}, {"Clock", cfg.Clock != nil}, {"Rand", cfg.Rand != nil}, {"Hook", cfg.Hook != nil},
		{"Logger", cfg.Logger != nil}, {"WrapFetcher", cfg.WrapFetcher != nil},
	} {
		if field.set {
			found.add(field.name, "belongs to the pool", "set it in PoolConfig.Config, for all tenants")
		}
	}
	for _, field := range []struct {
		name string
		set  bool
	}{{"Fetcher", cfg.Fetcher != nil}, {"Manager", cfg.Manager != nil}} {
		if field.set {
			found.add(field.name, "it could not distinguish targets", "remove it")
		}
	}
	if len(found) > 0 {
		return Config{}, fmt.Errorf("unusable Config:\n%w", errors.Join(found...))
	}
	cfg.Certificate, cfg.DPoP, cfg.Clock = own.Certificate, own.DPoP, own.Clock
	whole, _ := p.complete(cfg, "")
	return cfg, whole.FetcherConfig().Validate()
}

// complete returns a tenant's configuration with the pool's TokenRequest if it has none of its own, and what the
// functions in it are compared within: those of the pool are the same for all tenants.
func (p *pool) complete(cfg Config, tenant string) (Config, scopes) {
	within := scopes{config: tenant, tokenRequest: tenant}
	if p.tenants != nil && len(setFields("TokenRequest", reflect.ValueOf(cfg.TokenRequest))) == 0 {
		cfg.TokenRequest, within.tokenRequest = p.cfg.Config.TokenRequest, "" // the name of no tenant
	}
	return cfg, within
}

// startShared makes what requests to the APIs need, whatever their token.
func (p *pool) startShared() {
	cfg := &p.cfg.Config
	c := &client{http: new(http.Client), dpop: cfg.DPoP, plaintext: slices.Contains(cfg.AllowHTTP, "*")}
	if cfg.HTTPClient != nil {
		*c.http = *cfg.HTTPClient
	}
	var certificate func(token string) *tls.Certificate
	if cfg.Certificate != nil {
		certificate, p.certificates.life = p.certificates.of, cfg.Policy.DefaultLifetime
	}
	c.base = c.newBase(certificate)
	if cfg.Endpoint != nil {
		c.closers = append(c.closers, cfg.Endpoint.use())
	}
	p.shared = c
}

// newClient makes a client of a target.
func (p *pool) newClient(t *PreparedTarget) *Client {
	cfg := &p.cfg.Config
	c := &client{source: p.newSource(t), base: p.shared.base, http: new(http.Client), dpop: p.shared.dpop, plaintext: p.shared.plaintext}
	*c.http = *p.shared.http
	c.session = transport.NewSession(transport.Config{
		Source: c.source, Origins: p.originsOf(t), AllowHTTP: cfg.AllowHTTP, Rejected: cfg.Rejected, RejectedBody: cfg.RejectedBody,
		DPoP: cfg.DPoP, Clock: p.clock, Counters: &p.counters,
	})
	c.http.Transport = c.session.Over(c.base)
	return &Client{c}
}

// clientOf returns the client of a target that a context or the table of origins names. It is looked up once for each
// prepared target.
func (p *pool) clientOf(t *PreparedTarget) *Client {
	if c := t.found.Load(); c != nil && c.client.of == p {
		return c
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.clients[t.key]
	if c == nil {
		if len(p.clients) >= p.cfg.maxClients() {
			clear(p.clients) // they are made again as they are needed
		}
		c = p.newClient(t)
		c.client.of = p
		p.clients[t.key] = c
	}
	t.found.Store(c)
	return c
}

// maxClients is how many targets of contexts have a client at hand.
func (c *PoolConfig) maxClients() int {
	if c.MaxTokens > 0 {
		return c.MaxTokens
	}
	return 100_000
}
