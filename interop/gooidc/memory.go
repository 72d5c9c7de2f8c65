package gooidc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// grants is a goidc.GrantManager that forgets nothing and shares nothing.
type grants struct {
	mu   sync.Mutex
	byID map[string]goidc.Grant
}

func newGrants() *grants { return &grants{byID: map[string]goidc.Grant{}} }

// SaveGrant keeps a copy.
func (g *grants) SaveGrant(_ context.Context, grant *goidc.Grant) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byID[grant.ID] = *grant
	return nil
}

// Grant returns a copy.
func (g *grants) Grant(_ context.Context, id string) (*goidc.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	grant, ok := g.byID[id]
	if !ok {
		return nil, goidc.ErrNotFound
	}
	return &grant, nil
}

func (g *grants) revoke() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, grant := range g.byID {
		grant.RevokedAt = int(time.Now().Unix())
		g.byID[id] = grant
	}
}

// once is a memory of identifiers that are good for one use.
type once struct {
	mu   sync.Mutex
	used map[string]bool
}

func newOnce() *once { return &once{used: map[string]bool{}} }

func (o *once) use(id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id == "" || o.used[id] {
		return errors.New("jti is missing or was used before")
	}
	o.used[id] = true
	return nil
}
