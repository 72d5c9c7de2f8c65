package alf

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
)

// targetSource is the Source of a pool's client. For a tenant, its configuration has to be known before it is known
// which token is meant.
type targetSource struct {
	pool   *pool
	target Target
	err    error                          // the target makes no sense
	handle atomic.Pointer[manager.Handle] // nil: the tenant's configuration is not known
}

var _ Source = (*targetSource)(nil)

func (p *pool) newSource(t *PreparedTarget) *targetSource {
	s := &targetSource{pool: p, target: t.target}
	if err := p.cfg.checkTarget(t.target); err != nil {
		var found problems
		found.nested("Target", err)
		s.err = errors.Join(found...)
		return s
	}
	if p.tenants != nil {
		if f := p.known.fetcher(t.key); f != nil {
			s.handle.Store(p.tokens.Handle(f.key, f))
		}
	} else {
		h, err := p.handleFor(t.target, t.target.Apply(p.cfg.Config), nil)
		if s.err = err; err == nil {
			s.handle.Store(h)
		}
	}
	return s
}

// handleFor returns the handle of the token that a configuration requests. first is the configuration for the first
// fetch, if a tenant's was just read.
func (p *pool) handleFor(t Target, cfg Config, first *Config) (*manager.Handle, error) {
	f, err := p.newFetcher(t, cfg, first)
	if err != nil {
		return nil, err
	}
	return p.tokens.Handle(f.key, f), nil
}

func (p *pool) newFetcher(t Target, cfg Config, first *Config) (*targetFetcher, error) {
	cfg, within := p.complete(cfg, t.Tenant)
	key := cfg.tokenKey(within, &p.refs)
	f := &targetFetcher{pool: p, target: t, key: key, clientID: cfg.ClientID}
	var err error
	if f.endpoint, err = p.endpoints.of(&cfg, within.tokenRequest, &p.refs); err != nil {
		return nil, err
	}
	own := &p.cfg.Config
	shared := cfg
	shared.Store, shared.StoreKey, shared.DPoP = own.Store, own.StoreKey, own.DPoP
	f.sharing = shared.sharing()
	f.first.Store(first)
	if wrap := p.cfg.Config.WrapFetcher; wrap != nil {
		if f.wrapped, err = wrapFetcher(wrap, FetcherFunc(f.fetch)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// keysOf are the keys of a target's token, as far as they are known.
func (p *pool) keysOf(s *targetSource) (keys []manager.Key) {
	if h := s.handle.Load(); h != nil {
		keys = append(keys, h.Key())
	}
	return append(keys, p.known.keys(s.target.key())...)
}

// on calls f with the handle of the token, and again with another one if the tenant's configuration has changed.
func (s *targetSource) on(ctx context.Context, f func(*manager.Handle) error) error {
	if s.err != nil {
		return s.err
	}
	for tries := 0; ; tries++ {
		h := s.handle.Load()
		if h == nil {
			var err error
			if h, err = s.resolve(ctx); err != nil {
				return err
			}
		}
		err := f(h)
		if tries >= maxMoves || !errors.Is(err, errMoved) {
			return err
		}
		s.handle.CompareAndSwap(h, nil)
	}
}

// maxMoves is how often a configuration may change while one caller waits.
const maxMoves = 3

// resolve has the tenant's configuration read.
func (s *targetSource) resolve(ctx context.Context) (*manager.Handle, error) {
	cfg, err := s.pool.tenants.config(ctx, s.target.Tenant)
	if err != nil {
		return nil, err
	}
	cfg = s.target.Apply(cfg)
	whole, _ := s.pool.complete(cfg, s.target.Tenant)
	if err := whole.FetcherConfig().Validate(); err != nil {
		return nil, err
	}
	f, err := s.pool.newFetcher(s.target, cfg, &cfg)
	if err != nil {
		return nil, err
	}
	h := s.pool.tokens.Handle(f.key, f)
	s.pool.known.add(s.target.key(), f, s.pool.cfg.maxClients())
	s.handle.Store(h)
	return h, nil
}

func (s *targetSource) Token(ctx context.Context) (t *Token, err error) {
	err = s.on(ctx, func(h *manager.Handle) (err error) { t, err = h.Token(ctx); return err })
	return t, err
}

func (s *targetSource) TokenFor(ctx context.Context, origin string) (t *Token, err error) {
	err = s.on(ctx, func(h *manager.Handle) (err error) { t, err = h.TokenFor(ctx, origin); return err })
	return t, err
}

func (s *targetSource) TokenValidFor(ctx context.Context, min time.Duration) (t *Token, err error) {
	err = s.on(ctx, func(h *manager.Handle) (err error) { t, err = h.TokenValidFor(ctx, min); return err })
	return t, err
}

func (s *targetSource) Replace(ctx context.Context, rejected *Token, origin string) (t *Token, err error) {
	err = s.on(ctx, func(h *manager.Handle) (err error) { t, err = h.Replace(ctx, rejected, origin); return err })
	return t, err
}

func (s *targetSource) Refresh(ctx context.Context) (t *Token, err error) {
	err = s.on(ctx, func(h *manager.Handle) (err error) { t, err = h.Refresh(ctx); return err })
	return t, err
}

func (s *targetSource) Invalidate(rejected *Token, origin string) error {
	return s.InvalidateValue(rejected.Value(), origin)
}

func (s *targetSource) InvalidateValue(value, origin string) error {
	return s.on(context.Background(), func(h *manager.Handle) error { return h.InvalidateValue(value, origin) })
}

func (s *targetSource) Current() *Token {
	if h := s.handle.Load(); h != nil {
		return h.Current()
	}
	return nil
}

func (s *targetSource) ObservesOutcomes() bool {
	h := s.handle.Load()
	return h != nil && h.ObservesOutcomes()
}

func (s *targetSource) ReportOutcome(o Outcome) {
	if h := s.handle.Load(); h != nil {
		h.ReportOutcome(o)
	}
}

func (s *targetSource) Stats() manager.Stats {
	if h := s.handle.Load(); h != nil {
		return h.Stats()
	}
	return manager.Stats{}
}

// Watch goes on with another token when the tenant's configuration changes.
func (s *targetSource) Watch(ctx context.Context) iter.Seq2[*Token, error] {
	return func(yield func(*Token, error) bool) {
		failed := false
		for ctx.Err() == nil {
			moved := false
			err := s.on(ctx, func(h *manager.Handle) error {
				for t, err := range h.Watch(ctx) {
					if moved = errors.Is(err, errMoved); moved {
						return err
					}
					if failed = err != nil; !yield(t, err) {
						return errStopped
					}
				}
				return nil
			})
			switch {
			case err == nil, errors.Is(err, errStopped), errors.Is(err, ErrClosed), ctx.Err() != nil:
				return
			case !failed && !moved:
				if failed = true; !yield(nil, err) {
					return
				}
			}
			select {
			case <-s.pool.clock.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

var errStopped = errors.New("alf: the loop has ended")

// Close does nothing: the token belongs to the pool.
func (s *targetSource) Close() error { return nil }

// errMoved is a fetch that found the tenant's configuration changed, so that it asks for another token than the one
// that it was to fetch.
var errMoved = errors.New("alf: the tenant's configuration has changed")

type movedError struct{}

func (movedError) Error() string   { return errMoved.Error() }
func (movedError) Is(e error) bool { return e == errMoved }
func (movedError) Permanent() bool { return true } // for this token

// targetFetcher fetches the token of a target.
type targetFetcher struct {
	pool     *pool
	target   Target
	key      manager.Key
	clientID string
	endpoint *TokenEndpoint
	first    atomic.Pointer[Config] // for the first fetch, if it was just read
	wrapped  Fetcher                // by WrapFetcher; nil: there is none
	sharing  *manager.Sharing       // with other processes; nil: it is not shared
}

// String is the target's name, for events.
func (f *targetFetcher) String() string { return f.target.name() }

// TokenEndpoint lets the manager's pool know what the token shares with others.
func (f *targetFetcher) TokenEndpoint() (endpoint *manager.Endpoint, clientID string) {
	return f.endpoint.forManager(), f.clientID
}

// Sharing lets the manager's pool know how the token is shared with other processes.
func (f *targetFetcher) Sharing() *manager.Sharing { return f.sharing }

// Fetch makes one attempt.
func (f *targetFetcher) Fetch(ctx context.Context) (*oauth2.Token, error) {
	if f.wrapped != nil {
		return f.wrapped.Fetch(ctx)
	}
	return f.fetch(ctx)
}

// fetch makes one attempt with the configuration as it is now.
func (f *targetFetcher) fetch(ctx context.Context) (*oauth2.Token, error) {
	cfg, err := f.config(ctx)
	if err != nil {
		return nil, err
	}
	cfg = f.endpoint.within(cfg)
	g, err := fetcher.New(cfg.FetcherConfig())
	if err != nil {
		return nil, err
	}
	token, err := g.Fetch(ctx)
	if err == nil && cfg.Certificate != nil {
		f.pool.certificates.bind(token, g.Certificate(token.AccessToken), f.pool.clock.Now())
	}
	return token, err
}

// config is the configuration as it is now.
func (f *targetFetcher) config(ctx context.Context) (Config, error) {
	if f.pool.tenants == nil {
		return f.target.Apply(f.pool.cfg.Config), nil
	}
	if first := f.first.Swap(nil); first != nil {
		cfg, _ := f.pool.complete(*first, f.target.Tenant)
		return cfg, nil
	}
	cfg, err := f.pool.tenants.config(ctx, f.target.Tenant)
	if err != nil {
		return Config{}, err
	}
	cfg, within := f.pool.complete(f.target.Apply(cfg), f.target.Tenant)
	if cfg.tokenKey(within, &f.pool.refs) != f.key {
		go f.pool.tokens.Forget(f.key) // it is fetched with the former configuration no more
		return Config{}, movedError{}
	}
	return cfg, cfg.FetcherConfig().Validate()
}

// knownTokens are the tokens that targets of tenants have, so that a client which is made for each use does not read
// the tenant's configuration again, and so that they can be forgotten.
type knownTokens struct {
	mu       sync.Mutex
	byTarget map[manager.Key]knownToken
}

// knownToken is the token of a target, under key. Its fetcher is kept by the pool's token, and goes with it.
type knownToken struct {
	key     manager.Key
	fetcher weak.Pointer[targetFetcher]
}

func (k *knownTokens) add(target manager.Key, f *targetFetcher, most int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byTarget == nil || len(k.byTarget) >= most {
		k.byTarget = make(map[manager.Key]knownToken)
	}
	k.byTarget[target] = knownToken{f.key, weak.Make(f)}
}

// fetcher is that of a target's token; nil if it is not known.
func (k *knownTokens) fetcher(target manager.Key) *targetFetcher {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byTarget[target].fetcher.Value()
}

func (k *knownTokens) keys(target manager.Key) []manager.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.byTarget[target]; ok {
		return []manager.Key{known.key}
	}
	return nil
}

// endpoints are the token endpoints of a pool's tokens. Each is kept while a token uses it.
type endpoints struct {
	like TokenEndpointConfig // what all of them have in common

	mu    sync.Mutex
	byKey map[manager.Key]weak.Pointer[TokenEndpoint]
	limit int // how many there may be before those that are no longer used are looked for
}

// of returns the endpoint of a configuration.
func (e *endpoints) of(cfg *Config, scope string, refs *references) (*TokenEndpoint, error) {
	if cfg.Endpoint != nil {
		return cfg.Endpoint, nil
	}
	request := cfg.TokenRequest
	request.Header = nil
	c := &canonicalConfig{scope: scope, refs: refs}
	c.text(cfg.TokenURL)
	c.text(cfg.Issuer)
	c.list(cfg.AllowHTTP)
	c.value("TokenRequest", reflect.ValueOf(request))
	key := c.key()
	e.mu.Lock()
	defer e.mu.Unlock()
	if found := e.byKey[key].Value(); found != nil {
		return found, nil
	}
	wanted := e.like
	wanted.TokenURL, wanted.Issuer, wanted.AllowHTTP, wanted.TokenRequest = cfg.TokenURL, cfg.Issuer, cfg.AllowHTTP, request
	made, err := NewTokenEndpoint(wanted)
	if err != nil {
		return nil, err
	}
	if e.byKey == nil {
		e.byKey, e.limit = make(map[manager.Key]weak.Pointer[TokenEndpoint]), 64
	}
	if len(e.byKey) >= e.limit {
		for k, w := range e.byKey {
			if w.Value() == nil {
				delete(e.byKey, k)
			}
		}
		e.limit = 2*len(e.byKey) + 64
	}
	e.byKey[key] = weak.Make(made)
	return made, nil
}

// close closes the idle connections.
func (e *endpoints) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.byKey {
		if found := w.Value(); found != nil {
			found.shared.fetcher.CloseIdleConnections()
		}
	}
}
