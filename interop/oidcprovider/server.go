// Package oidcprovider runs oidc-provider, an authorization server written for Node by Filip Skokan, over TLS, together
// with an API that checks its tokens.
package oidcprovider

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/alf-go/alf/interop/node"
	"github.com/alf-go/alf/interop/ports"
)

// lifetime is how long tokens live. The server counts in whole seconds, so that one may be gone up to a second earlier.
const lifetime = 5 * time.Second

// scope is the one scope that there is.
const scope = "stock:read"

// Server is an oidc-provider and an API. It implements [lab.Server].
type Server struct {
	node.Service
	dir            string
	authority      *certificate
	transport      *http.Transport
	settings       settings
	clients        []*client
	resourceServer credentials
}

// settings is what the script is given when it starts.
type settings struct {
	State    string    `json:"state"`
	Ports    addresses `json:"ports"`
	TLS      pair      `json:"tls"`
	Lifetime int       `json:"lifetime"`
	Scope    string    `json:"scope"`
}

type addresses struct {
	Issuer int `json:"issuer"`
	MTLS   int `json:"mtls"`  // asks for any certificate
	Named  int `json:"named"` // asks for one of the authority, by name
	API    int `json:"api"`   // asks for any certificate
}

// pair is a server's certificate, its key, and who signs the certificates of clients.
type pair struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
	CA   string `json:"ca"`
}

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string { return node.Missing("oidc-provider", "jose") }

// New makes a server that keeps what it knows, and the secrets of its clients, in dir. It has to be started, and
// stopped in the end.
func New(dir string) (*Server, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	own, err := authority.server()
	if err != nil {
		return nil, err
	}
	key, err := own.keyPEM()
	if err != nil {
		return nil, err
	}
	free, err := ports.Find(4)
	if err != nil {
		return nil, err
	}
	state := filepath.Join(dir, "state")
	s := &Server{dir: dir, authority: authority, settings: settings{
		State:    state,
		Ports:    addresses{Issuer: free[0], MTLS: free[1], Named: free[2], API: free[3]},
		TLS:      pair{Cert: string(own.certPEM()), Key: string(key), CA: string(authority.certPEM())},
		Lifetime: int(lifetime.Seconds()),
		Scope:    scope,
	}}
	s.Service = node.Service{Script: "oidcprovider.mjs", Settings: &s.settings, State: state}
	s.transport = http.DefaultTransport.(*http.Transport).Clone()
	s.transport.TLSClientConfig = s.tls()
	s.transport.TLSHandshakeTimeout = time.Minute // 200 handshakes at a time are slow on a busy machine
	if s.resourceServer, err = newSecret(); err != nil {
		return nil, err
	}
	return s, s.makeClients()
}

// Name is the server and its version.
func (s *Server) Name() string { return "oidc-provider " + node.Version("oidc-provider") }

// Start starts the server, or starts it again after Stop. Tokens outlive a Stop, unless it is to have new keys.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	// With the keys it forgets everything but the clients, and those it is given again.
	if err := s.Service.Start(ctx, newKeys); err != nil {
		return err
	}
	for _, c := range s.clients {
		if err := s.register(ctx, c.metadata()); err != nil {
			s.Stop()
			return err
		}
	}
	if err := s.register(ctx, s.resourceServerMetadata()); err != nil {
		s.Stop()
		return err
	}
	return nil
}

// SetLifetime implements [lab.Lasting].
func (s *Server) SetLifetime(d time.Duration) { s.settings.Lifetime = int(d.Seconds()) }

// Stop kills the server.
func (s *Server) Stop() {
	s.transport.CloseIdleConnections()
	s.Service.Stop()
}

// register announces a client to the server, or what is new about it.
func (s *Server) register(ctx context.Context, metadata map[string]any) error {
	return s.Do(ctx, map[string]any{"do": "client", "client": metadata})
}

// Issuer is the issuer's identifier, where its metadata are found.
func (s *Server) Issuer() string { return url(s.settings.Ports.Issuer, "") }

// TokenURL is the token endpoint.
func (s *Server) TokenURL() string { return url(s.settings.Ports.Issuer, "/token") }

// MutualTLSTokenURL is the token endpoint that asks for a client's certificate, no matter who signed it.
func (s *Server) MutualTLSTokenURL() string { return url(s.settings.Ports.MTLS, "/token") }

// NamedTokenURL is the token endpoint that asks for a client's certificate and names the one authority that it knows:
// Go's TLS shows no other certificates by itself then.
func (s *Server) NamedTokenURL() string { return url(s.settings.Ports.Named, "/token") }

// IntrospectionURL is where a resource server asks about tokens (RFC 7662).
func (s *Server) IntrospectionURL() string {
	return url(s.settings.Ports.Issuer, "/token/introspection")
}

// ResourceServer is the id and the secret of a client that may do nothing but ask there, by client_secret_basic.
func (s *Server) ResourceServer() (id, secret string) {
	return resourceServerID, s.resourceServer.metadata["client_secret"].(string)
}

// Scope is the one scope that its tokens have.
func (s *Server) Scope() string { return scope }

// KeysURL is where the keys are that JWTs are signed with.
func (s *Server) KeysURL() string { return url(s.settings.Ports.Issuer, "/jwks") }

// Certificate is a certificate that those who trust the server trust as well, for another on the same host, and its
// key: PEM.
func (s *Server) Certificate() []byte { return []byte(s.settings.TLS.Cert + s.settings.TLS.Key) }

// Authority is who signs the server's certificate: PEM.
func (s *Server) Authority() []byte { return []byte(s.settings.TLS.CA) }

// APIURL is the API that takes opaque tokens.
func (s *Server) APIURL() string { return url(s.settings.Ports.API, "/api") }

// ResourceURL is the API that takes tokens made for it, which are JWTs. It is its own resource indicator.
func (s *Server) ResourceURL() string { return url(s.settings.Ports.API, "/stock") }

// RootCAs is who signs the server's certificate.
func (s *Server) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.authority.Certificate)
	return pool
}

func url(port int, path string) string { return fmt.Sprintf("https://127.0.0.1:%d%s", port, path) }
