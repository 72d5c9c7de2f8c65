// Package oauth2mock runs oauth2-mock-server, an authorization server for tests written for Node by AXA, whose answers can be
// bent. It takes any client for what it says it is.
package oauth2mock

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/interop/node"
	"github.com/alf-go/alf/interop/ports"
)

// lifetime is how long tokens live. The server counts in whole seconds, so that one may be gone up to a second earlier.
const lifetime = 5 * time.Second

// Server is an oauth2-mock-server and an API. It implements lab.Server.
type Server struct {
	settings settings
	requests atomic.Int64
	process  *node.Process
}

// settings is what the script is told when it starts.
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
	return &Server{settings: settings{
		Port: found[0], Lifetime: int(lifetime.Seconds()), State: filepath.Join(dir, "state"),
	}}, nil
}

// Name is the server and its version.
func (s *Server) Name() string { return "oauth2-mock-server " + node.Version("oauth2-mock-server") }

// Start starts the server, or starts it again after Stop. Tokens outlive a Stop, unless it is to have new keys; answers that
// were queued do not.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	if newKeys {
		if err := os.Remove(s.settings.State); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	process, err := node.Start(ctx, "oauth2mock.mjs", s.settings, func(string) { s.requests.Add(1) })
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// Stop kills the server.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.Kill()
		s.process = nil
	}
}

// Revoke makes every token worthless by a change of the key, as the server keeps no list of them.
func (s *Server) Revoke(ctx context.Context) error {
	return s.process.Do(ctx, map[string]any{"do": "revoke"})
}

// TokenRequests is how many requests have arrived at the token endpoint since the server was made.
func (s *Server) TokenRequests() int {
	if s.process != nil {
		// A request is reported before it is answered; when this is answered as well, the report has been read.
		_ = s.process.Do(context.Background(), map[string]any{"do": "flush"})
	}
	return int(s.requests.Load())
}

// Issuer is the issuer's identifier, where its metadata are found.
func (s *Server) Issuer() string { return fmt.Sprintf("http://127.0.0.1:%d", s.settings.Port) }

// TokenURL is the token endpoint.
func (s *Server) TokenURL() string { return s.Issuer() + "/token" }

// APIURL is the API that takes the tokens.
func (s *Server) APIURL() string { return s.Issuer() + "/api" }
