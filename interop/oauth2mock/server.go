// Package oauth2mock runs oauth2-mock-server, an authorization server for tests written for Node by AXA, whose
// responses can be changed. It takes any client as what it claims to be.
package oauth2mock

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/alf-go/alf/interop/node"
	"github.com/alf-go/alf/interop/ports"
)

// lifetime is how long tokens live. The server counts in whole seconds, so that one may be gone up to a second earlier.
const lifetime = 5 * time.Second

// Server is an oauth2-mock-server and an API. It implements lab.Server.
type Server struct {
	node.Service
	settings settings
}

// settings is what the script is given when it starts.
type settings struct {
	Port     int    `json:"port"`
	Lifetime int    `json:"lifetime"`
	State    string `json:"state"`
}

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string { return node.Missing("oauth2-mock-server", "jose") }

// New makes a server that keeps its key in dir. It has to be started, and stopped in the end.
func New(dir string) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	state := filepath.Join(dir, "state")
	s := &Server{settings: settings{Port: found[0], Lifetime: int(lifetime.Seconds()), State: state}}
	s.Service = node.Service{Script: "oauth2mock.mjs", Settings: &s.settings, State: state}
	return s, nil
}

// SetLifetime implements [lab.Lasting].
func (s *Server) SetLifetime(d time.Duration) { s.settings.Lifetime = int(d.Seconds()) }

// Name is the server and its version.
func (s *Server) Name() string { return "oauth2-mock-server " + node.Version("oauth2-mock-server") }

// Issuer is the issuer's identifier, where its metadata are found.
func (s *Server) Issuer() string { return fmt.Sprintf("http://127.0.0.1:%d", s.settings.Port) }

// TokenURL is the token endpoint.
func (s *Server) TokenURL() string { return s.Issuer() + "/token" }

// APIURL is the API that takes the tokens.
func (s *Server) APIURL() string { return s.Issuer() + "/api" }
