package osin

import (
	"sync"

	"github.com/openshift/osin"
)

// store holds clients and tokens in memory. osin brings none along, except for its own tests.
type store struct {
	mu      sync.Mutex
	clients map[string]osin.Client
	tokens  map[string]*osin.AccessData
}

var _ osin.Storage = (*store)(nil)

func newStore() *store {
	return &store{clients: map[string]osin.Client{}, tokens: map[string]*osin.AccessData{}}
}

// register makes secret the only one of a client.
func (s *store) register(id, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// osin refuses a client without a redirect address, whatever the grant.
	s.clients[id] = &osin.DefaultClient{Id: id, Secret: secret, RedirectUri: "https://client.example.com/"}
}

// clear forgets all tokens.
func (s *store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Clone returns the store, which is safe for concurrent use.
func (s *store) Clone() osin.Storage { return s }

// Close has nothing to do.
func (s *store) Close() {}

// GetClient returns the client as it was last registered.
func (s *store) GetClient(id string) (osin.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.clients[id]; ok {
		return c, nil
	}
	return nil, osin.ErrNotFound
}

// SaveAccess keeps a token.
func (s *store) SaveAccess(data *osin.AccessData) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[data.AccessToken] = data
	return nil
}

// LoadAccess returns a token, even if it has expired.
func (s *store) LoadAccess(token string) (*osin.AccessData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.tokens[token]; ok {
		return data, nil
	}
	return nil, osin.ErrNotFound
}

// RemoveAccess forgets a token.
func (s *store) RemoveAccess(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
	return nil
}

// The grants that have codes and refresh tokens are not allowed at this server.

// SaveAuthorize is never called.
func (s *store) SaveAuthorize(*osin.AuthorizeData) error { return osin.ErrNotFound }

// LoadAuthorize knows no codes.
func (s *store) LoadAuthorize(string) (*osin.AuthorizeData, error) { return nil, osin.ErrNotFound }

// RemoveAuthorize knows no codes.
func (s *store) RemoveAuthorize(string) error { return osin.ErrNotFound }

// LoadRefresh knows no refresh tokens.
func (s *store) LoadRefresh(string) (*osin.AccessData, error) { return nil, osin.ErrNotFound }

// RemoveRefresh knows no refresh tokens.
func (s *store) RemoveRefresh(string) error { return osin.ErrNotFound }
