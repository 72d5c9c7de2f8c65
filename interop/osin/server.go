// Package osin runs openshift/osin v1.0.1 as an authorization server in this process, and two APIs that ask it about
// every token they are shown: one that refuses in the way of RFC 6750, and osin's own.
//
// What is particular about it: an error of the token endpoint comes with status 200, unless it is configured
// otherwise; an unknown client and a wrong secret are both unauthorized_client; it decodes id and secret from Basic; a
// client must have a redirect address, even if it never redirects; the token type is the operator's choice, and
// nothing compares it with what the API wants; and its own API, /info, refuses a token with 200, an error in the body
// and no challenge.
package osin

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/openshift/osin"

	"github.com/alf-go/alf/interop/lab"
)

// lifetime is how long tokens live, in seconds.
const lifetime = 3

// tokenType is what the second of the token endpoints calls its tokens, like Apigee. The API wants Bearer.
const tokenType = "BearerToken"

// Server is a [lab.Server].
type Server struct {
	site     *lab.Site
	store    *store
	accounts []*lab.Account
	requests atomic.Int64
}

// New makes a server that knows its clients. It is not started yet.
func New() (*Server, error) {
	site, err := lab.NewSite()
	if err != nil {
		return nil, err
	}
	s := &Server{site: site, store: newStore()}
	s.accounts = s.newAccounts()
	for _, a := range s.accounts {
		s.store.register(a.ID, a.Secret())
	}
	config := osin.NewServerConfig()
	config.AccessExpiration = lifetime
	config.AllowedAccessTypes = osin.AllowedAccessType{osin.CLIENT_CREDENTIALS}
	config.AllowClientSecretInParams = true
	apigee := *config
	apigee.TokenType = tokenType

	server := osin.NewServer(config, s.store)
	mux := http.NewServeMux()
	mux.Handle("/token", s.tokens(server))
	mux.Handle("/apigee/token", s.tokens(osin.NewServer(&apigee, s.store)))
	mux.Handle("/api", lab.Guard("Bearer", s.check))
	mux.HandleFunc("/info", func(w http.ResponseWriter, r *http.Request) {
		resp := server.NewResponse()
		defer resp.Close()
		if info := server.HandleInfoRequest(resp, r); info != nil {
			server.FinishInfoRequest(resp, r, info)
		}
		_ = osin.OutputJSON(resp, w, r) // a client that has gone gets nothing
	})
	site.Handler = mux
	return s, nil
}

// Name is the library and its version.
func (s *Server) Name() string { return "openshift/osin v1.0.1" }

// Start starts it. Tokens are opaque: instead of new keys it gets an empty store of tokens.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	if newKeys {
		s.store.clear()
	}
	return s.site.Start(ctx)
}

// Stop ends it.
func (s *Server) Stop() { s.site.Stop() }

// TokenRequests counts what arrived at the token endpoints.
func (s *Server) TokenRequests() int { return int(s.requests.Load()) }

// Revoke removes every token from the store: osin has no endpoint for it.
func (s *Server) Revoke(context.Context) error {
	s.store.clear()
	return nil
}

// tokens is a token endpoint.
func (s *Server) tokens(server *osin.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		resp := server.NewResponse()
		defer resp.Close()
		if request := server.HandleAccessRequest(resp, r); request != nil {
			request.Authorized = true
			server.FinishAccessRequest(resp, r, request)
		}
		_ = osin.OutputJSON(resp, w, r) // a client that has gone gets nothing
	})
}

// check is what the API does with a token.
func (s *Server) check(_ *http.Request, token string) error {
	access, err := s.store.LoadAccess(token)
	if err != nil {
		return err
	}
	if access.IsExpired() {
		return errors.New("the token has expired")
	}
	return nil
}
