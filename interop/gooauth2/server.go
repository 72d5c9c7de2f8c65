// Package gooauth2 runs go-oauth2/oauth2 v4.5.4 as an authorization server in this process, and an API that asks it
// about every token it is shown.
//
// What is particular about it: it takes id and secret from Basic as they are, without decoding them, so that reserved
// characters need AuthBasicRaw; it allows one authentication method for all clients; an unknown client is a 500 with
// server_error, since its store returns an error of its own, and only a wrong secret is a 401 with invalid_client; a
// grant that is not allowed is a 401 with unauthorized_client; a lifetime below a second is sent as expires_in 0; and
// two JWTs that it generates for a client within one second are the same, so that a token which was revoked comes back.
// The server here gives each an identifier of its own (see uniqueJWTs).
package gooauth2

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/generates"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/go-oauth2/oauth2/v4/server"
	"github.com/go-oauth2/oauth2/v4/store"
	"github.com/golang-jwt/jwt/v5"

	"github.com/alf-go/alf/interop/lab"
)

// lifetime is how long tokens live.
const lifetime = 3 * time.Second

// Server is a [lab.Server].
type Server struct {
	site     *lab.Site
	clients  *store.ClientStore
	accounts []*lab.Account
	requests atomic.Int64

	// current is replaced with the keys.
	current atomic.Pointer[library]
}

// library is what go-oauth2 is made of: a server for each authentication method, around one store of tokens.
type library struct {
	tokens      *tokens
	basic, form *server.Server
}

// New makes a server that knows its clients. It is not started yet.
func New() (*Server, error) {
	site, err := lab.NewSite()
	if err != nil {
		return nil, err
	}
	s := &Server{site: site, clients: store.NewClientStore()}
	s.accounts = s.newAccounts()
	for _, a := range s.accounts {
		if err := s.register(a.ID, a.Secret()); err != nil {
			return nil, err
		}
	}
	if err := s.newKeys(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /basic/token", func(w http.ResponseWriter, r *http.Request) { s.issue(s.current.Load().basic, w, r) })
	mux.HandleFunc("POST /form/token", func(w http.ResponseWriter, r *http.Request) { s.issue(s.current.Load().form, w, r) })
	mux.Handle("/api", lab.Guard("Bearer", s.check))
	site.Handler = mux
	return s, nil
}

// Name is the library and its version.
func (s *Server) Name() string { return "go-oauth2/oauth2 v4.5.4" }

// Start starts it. With new keys it has forgotten the opaque tokens as well.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	if newKeys {
		if err := s.newKeys(); err != nil {
			return err
		}
	}
	return s.site.Start(ctx)
}

// Stop ends it.
func (s *Server) Stop() { s.site.Stop() }

// TokenRequests counts what arrived at the token endpoints.
func (s *Server) TokenRequests() int { return int(s.requests.Load()) }

// Revoke removes every token by the library's manager.
func (s *Server) Revoke(ctx context.Context) error {
	current := s.current.Load()
	for _, token := range current.tokens.take() {
		if err := current.basic.Manager.RemoveAccessToken(ctx, token); err != nil {
			return err
		}
	}
	return nil
}

// register makes secret the only one of a client.
func (s *Server) register(id, secret string) error {
	return s.clients.Set(id, &models.Client{ID: id, Secret: secret})
}

// newKeys makes a library with another key and no tokens.
func (s *Server) newKeys() error {
	memory, err := store.NewMemoryTokenStore()
	if err != nil {
		return err
	}
	kept := &tokens{TokenStore: memory}
	key := []byte(rand.Text() + rand.Text() + rand.Text())
	s.current.Store(&library{
		tokens: kept,
		basic:  s.newServer(kept, generates.NewAccessGenerate(), server.ClientBasicHandler),
		form:   s.newServer(kept, uniqueJWTs{key}, server.ClientFormHandler),
	})
	return nil
}

func (s *Server) newServer(kept *tokens, generate oauth2.AccessGenerate, client server.ClientInfoHandler) *server.Server {
	manager := manage.NewDefaultManager()
	manager.SetClientTokenCfg(&manage.Config{AccessTokenExp: lifetime})
	manager.MapTokenStorage(kept)
	manager.MapClientStorage(s.clients)
	manager.MapAccessGenerate(generate)
	made := server.NewDefaultServer(manager)
	made.Config.AllowedGrantTypes = []oauth2.GrantType{oauth2.ClientCredentials}
	made.SetClientInfoHandler(client)
	return made
}

func (s *Server) issue(from *server.Server, w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	_ = from.HandleTokenRequest(w, r)
}

// check is what the API does with a token.
func (s *Server) check(r *http.Request, _ string) error {
	_, err := s.current.Load().basic.ValidationBearerToken(r)
	return err
}

// uniqueJWTs generates JWTs as [generates.JWTAccessGenerate] does, with a jti (RFC 7519 section 4.1.7). Without one, a
// token that follows a revocation in the same second would be the revoked one.
type uniqueJWTs struct{ key []byte }

// Token makes an access token. There are no refresh tokens.
func (u uniqueJWTs) Token(_ context.Context, data *oauth2.GenerateBasic, _ bool) (access, refresh string, err error) {
	info := data.TokenInfo
	access, err = jwt.NewWithClaims(jwt.SigningMethodHS512, &generates.JWTAccessClaims{RegisteredClaims: jwt.RegisteredClaims{
		ID:        rand.Text(),
		Audience:  jwt.ClaimStrings{data.Client.GetID()},
		Subject:   data.UserID,
		ExpiresAt: jwt.NewNumericDate(info.GetAccessCreateAt().Add(info.GetAccessExpiresIn())),
	}}).SignedString(u.key)
	return access, "", err
}

// tokens is go-oauth2's store of tokens, with a list of those that were handed out.
type tokens struct {
	oauth2.TokenStore
	mu     sync.Mutex
	issued []string
}

// Create keeps a token.
func (t *tokens) Create(ctx context.Context, info oauth2.TokenInfo) error {
	t.mu.Lock()
	t.issued = append(t.issued, info.GetAccess())
	t.mu.Unlock()
	return t.TokenStore.Create(ctx, info)
}

// take returns the list and empties it.
func (t *tokens) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	issued := t.issued
	t.issued = nil
	return issued
}
