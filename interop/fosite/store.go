package fosite

import (
	"cmp"
	"context"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"
)

// hashCost is the least that bcrypt allows: every token request pays it.
const hashCost = bcrypt.MinCost

// store is fosite's own memory (tokens, jtis), except for the clients, which change while it runs.
type store struct {
	*storage.MemoryStore
	mu      sync.RWMutex
	clients map[string]*client
}

func newStore() *store {
	return &store{MemoryStore: storage.NewMemoryStore(), clients: map[string]*client{}}
}

// GetClient returns the client as it was last registered.
func (s *store) GetClient(_ context.Context, id string) (fosite.Client, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c, ok := s.clients[id]; ok {
		return c, nil
	}
	return nil, fosite.ErrNotFound
}

// register makes these a's credentials, and beside them the previous secrets.
func (s *store) register(a *account, current *credentials, previous ...string) error {
	base := &fosite.DefaultClient{
		ID:         a.id,
		GrantTypes: []string{"client_credentials"},
		Scopes:     []string{scope},
		Audience:   []string{audience},
	}
	c := &client{&fosite.DefaultOpenIDConnectClient{DefaultClient: base, TokenEndpointAuthMethod: a.method}, a}
	if current.key != nil {
		c.TokenEndpointAuthSigningAlgorithm = a.alg
		c.JSONWebKeys = &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: current.key.Public(), KeyID: current.kid, Algorithm: a.alg, Use: "sig"},
		}}
	} else {
		var err error
		if base.Secret, err = bcrypt.GenerateFromPassword([]byte(current.secret), hashCost); err != nil {
			return err
		}
		for _, secret := range previous {
			hash, err := bcrypt.GenerateFromPassword([]byte(secret), hashCost)
			if err != nil {
				return err
			}
			base.RotatedSecrets = append(base.RotatedSecrets, hash)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[a.id] = c
	return nil
}

// client is an account as fosite sees it. It never changes; registering it again replaces it.
type client struct {
	*fosite.DefaultOpenIDConnectClient
	account *account
}

// GetEffectiveLifespan is how long the client's tokens live, whatever the default.
func (c *client) GetEffectiveLifespan(fosite.GrantType, fosite.TokenType, time.Duration) time.Duration {
	return cmp.Or(time.Duration(c.account.lasting.Load()), c.account.lifetime)
}
