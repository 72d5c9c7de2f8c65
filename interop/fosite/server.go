// Package fosite runs ory/fosite v0.49.0, the library inside Hydra, as an authorization server in this process, and an
// API that asks it about every token it is shown.
//
// What is particular about it: it decodes id and secret from Basic, so that a bare % in there is a 400 rather than a
// 401; it cuts what is left of a token's life down to whole seconds, so that expires_in is always a second less than
// configured; it knows every jti of a client assertion until that expires, and responds to a second use with an error
// code of its own, jti_known; and it takes a client's previous secrets for as long as they are listed beside the new
// one.
package fosite

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ory/fosite"

	"github.com/alf-go/alf/interop/lab"
)

// Server is a [lab.Server].
type Server struct {
	site     *lab.Site
	store    *store
	accounts []*account
	requests atomic.Int64

	// provider is replaced with the keys.
	provider atomic.Pointer[fosite.OAuth2Provider]

	mu     sync.Mutex
	issued []issued
}

// issued is an access token that was handed out.
type issued struct {
	to    *account
	token string
}

// New makes a server that knows its clients. It is not started yet.
func New() (*Server, error) {
	site, err := lab.NewSite()
	if err != nil {
		return nil, err
	}
	s := &Server{site: site, store: newStore()}
	if s.accounts, err = newAccounts(); err != nil {
		return nil, err
	}
	for _, a := range s.accounts {
		if err := s.store.register(a, a.credentials()); err != nil {
			return nil, err
		}
	}
	if err := s.newKeys(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.handleToken)
	mux.HandleFunc("POST /revoke", s.handleRevocation)
	mux.HandleFunc("POST /introspect", s.handleIntrospection)
	mux.Handle("/api", lab.Guard("Bearer", s.check))
	site.Handler = mux
	return s, nil
}

// Name is the library and its version.
func (s *Server) Name() string { return "ory/fosite v0.49.0" }

// Start starts it. The keys sign both kinds of token, and none but the latest is good for checking one.
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

// TokenRequests counts what arrived at the token endpoint.
func (s *Server) TokenRequests() int { return int(s.requests.Load()) }

// Revoke sends every token that was handed out to the revocation endpoint (RFC 7009), as the client that has it. It
// sees to the endpoint itself, without a connection.
func (s *Server) Revoke(ctx context.Context) error {
	s.mu.Lock()
	revoked := s.issued
	s.issued = nil
	s.mu.Unlock()
	for _, i := range revoked {
		form := url.Values{"token": {i.token}, "token_type_hint": {"access_token"}}
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, s.site.URL()+"/revoke", nil)
		if err := i.to.authenticate(r, form, s.tokenURL()); err != nil {
			return err
		}
		r.PostForm, r.Form = form, form
		resp := httptest.NewRecorder()
		s.handleRevocation(resp, r)
		if resp.Code != http.StatusOK {
			return fmt.Errorf("revocation: %d %s", resp.Code, strings.TrimSpace(resp.Body.String()))
		}
	}
	return nil
}

func (s *Server) tokenURL() string { return s.site.URL() + "/token" }

func (s *Server) newKeys() error {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	provider := newProvider(s.store, s.tokenURL(), secret, key)
	s.provider.Store(&provider)
	return nil
}

func (s *Server) handleToken(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	provider := *s.provider.Load()
	request, err := provider.NewAccessRequest(r.Context(), r, newSession())
	if err != nil {
		provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	for _, audience := range request.GetRequestedAudience() {
		request.GrantAudience(audience)
	}
	resp, err := provider.NewAccessResponse(r.Context(), request)
	if err != nil {
		provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	if c, ok := request.GetClient().(*client); ok {
		s.mu.Lock()
		s.issued = append(s.issued, issued{c.account, resp.GetAccessToken()})
		s.mu.Unlock()
	}
	provider.WriteAccessResponse(r.Context(), w, request, resp)
}

func (s *Server) handleRevocation(w http.ResponseWriter, r *http.Request) {
	provider := *s.provider.Load()
	provider.WriteRevocationResponse(r.Context(), w, provider.NewRevocationRequest(r.Context(), r))
}

func (s *Server) handleIntrospection(w http.ResponseWriter, r *http.Request) {
	provider := *s.provider.Load()
	resp, err := provider.NewIntrospectionRequest(r.Context(), r, newSession())
	if err != nil {
		provider.WriteIntrospectionError(r.Context(), w, err)
		return
	}
	provider.WriteIntrospectionResponse(r.Context(), w, resp)
}

// check is what the API does with a token.
func (s *Server) check(r *http.Request, token string) error {
	provider := *s.provider.Load()
	_, _, err := provider.IntrospectToken(r.Context(), token, fosite.AccessToken, newSession())
	if err != nil {
		return fmt.Errorf("the token is not active: %s", fosite.ErrorToRFC6749Error(err).ErrorField)
	}
	return nil
}
