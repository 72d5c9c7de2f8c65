// Package gooidc runs luikyv/go-oidc v0.25.0 as an authorization server in this process, and an API that checks its
// tokens and what they are bound to.
//
// It has two addresses, both https: the issuer's, and one that asks for client certificates, which the metadata at the
// first give as the aliases of RFC 8705.
//
// What is particular about it: it does not decode Basic; it describes every failed authentication as "invalid client"
// alone and keeps the reason to itself; it compares a DPoP proof's htu with the whole request URI, query included,
// where RFC 9449 leaves the query out; it counts lifetimes in whole seconds of the clock, so that a token ends up to a
// second early; it leaves the verification of client certificates to what terminates TLS; and the memory it brings
// along holds 100 grants and hands out the very structs it goes on to change, which is why it is given another one
// here.
package gooidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"sync/atomic"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/alf-go/alf/internal/pki"
	"github.com/alf-go/alf/interop/lab"
)

// Server is a [lab.Server].
type Server struct {
	open, secure *lab.Site
	authority    *pki.Authority // issues the certificates of the server and of clients
	accounts     []*account
	grants       *grants
	jtis         *once // at the token endpoint
	proofs       *once // at the API
	key          jose.JSONWebKey
	requests     atomic.Int64

	// running is replaced when keys or clients change.
	running atomic.Pointer[running]
}

// New makes a server that knows its clients. It is not started yet.
func New() (*Server, error) {
	s := &Server{grants: newGrants(), jtis: newOnce(), proofs: newOnce()}
	var err error
	if s.open, err = lab.NewSite(); err != nil {
		return nil, err
	}
	if s.secure, err = lab.NewSite(); err != nil {
		return nil, err
	}
	if s.authority, err = pki.NewAuthority("the authority of the lab"); err != nil {
		return nil, err
	}
	certificate, err := s.authority.ForServer()
	if err != nil {
		return nil, err
	}
	s.open.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	// Any certificate is let in; clientCertificate verifies it.
	s.secure.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}, ClientAuth: tls.RequestClientCert}
	if s.accounts, err = newAccounts(s); err != nil {
		return nil, err
	}
	if err := s.newKey(); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath {
			s.requests.Add(1)
		}
		s.running.Load().mux.ServeHTTP(w, r)
	})
	s.open.Handler, s.secure.Handler = handler, handler
	return s, nil
}

// Name is the library and its version.
func (s *Server) Name() string { return "luikyv/go-oidc v0.25.0" }

// Start starts it, on both addresses.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	if newKeys {
		if err := s.newKey(); err != nil {
			return err
		}
		if err := s.load(); err != nil {
			return err
		}
	}
	if err := s.open.Start(ctx); err != nil {
		return err
	}
	return s.secure.Start(ctx)
}

// Stop ends it.
func (s *Server) Stop() {
	s.open.Stop()
	s.secure.Stop()
}

// TokenRequests counts what arrived at the token endpoint, under either address.
func (s *Server) TokenRequests() int { return int(s.requests.Load()) }

// Revoke marks every grant as revoked in the memory the server was given, which is what it looks at: its tokens are
// JWTs, of which it keeps no copy.
func (s *Server) Revoke(context.Context) error {
	s.grants.revoke()
	return nil
}

func (s *Server) newKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	s.key = jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	return nil
}
