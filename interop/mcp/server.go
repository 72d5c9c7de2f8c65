// Package mcp runs servers of the Model Context Protocol that the npm SDKs make, versions 1 and 2, each as a process of
// its own. Their own middleware checks tokens, at an oidc-provider, and publishes what the server wants (RFC 9728).
// They keep events, so that a stream can be resumed.
package mcp

import (
	"context"
	"fmt"
	"sync"

	"github.com/alf-go/alf/interop/node"
	"github.com/alf-go/alf/interop/oidcprovider"
	"github.com/alf-go/alf/interop/ports"
)

// SDK is one of the two.
type SDK struct {
	// Package is its name at npm, and script what runs it.
	Package, script string
}

// The SDKs.
var (
	V1 = SDK{"@modelcontextprotocol/sdk", "mcp1.mjs"}
	V2 = SDK{"@modelcontextprotocol/server", "mcp2.mjs"}
)

// Name is the package and its version.
func (s SDK) Name() string { return s.Package + " " + node.Version(s.Package) }

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string {
	if missing := oidcprovider.Missing(); missing != "" {
		return missing
	}
	return node.Missing(V1.Package, V2.Package, "@modelcontextprotocol/node", "@modelcontextprotocol/express", "express", "zod")
}

// Server is a server that runs.
type Server struct {
	process *node.Process
	port    int

	mu     sync.Mutex
	events map[string]int
}

// Options say how a server differs from others.
type Options struct {
	// Strict: a client that comes back to a stream which the server believes to be open is refused with 409.
	Strict bool
}

// settings is what a script is given when it starts.
type settings struct {
	Port          int           `json:"port"`
	Issuer        string        `json:"issuer"`
	Introspection introspection `json:"introspection"`
	CA            string        `json:"ca"`
	Scope         string        `json:"scope"`
	Strict        bool          `json:"strict"`
}

type introspection struct {
	URL    string `json:"url"`
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// Start starts a server that takes tokens of auth, which runs.
func Start(ctx context.Context, sdk SDK, auth *oidcprovider.Server, options Options) (*Server, error) {
	free, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	s := &Server{port: free[0], events: map[string]int{}}
	id, secret := auth.ResourceServer()
	s.process, err = node.Start(ctx, sdk.script, settings{
		Port: s.port, Issuer: auth.Issuer(), Introspection: introspection{auth.IntrospectionURL(), id, secret},
		CA: string(auth.Authority()), Scope: auth.Scope(), Strict: options.Strict,
	}, s.note)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Endpoint is the server's URL, and its resource indicator.
func (s *Server) Endpoint() string { return fmt.Sprintf("http://127.0.0.1:%d/mcp", s.port) }

// Close ends the server.
func (s *Server) Close() { s.process.Kill() }

func (s *Server) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[event]++
}

// Count is how often something has happened: "call", which is one of the tool; and responses by method and status, such
// as "POST 401". The method of those that are streams of events is "stream", and those to a client that has come back
// end with "resumed": "stream 200 resumed".
func (s *Server) Count(event string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[event]
}

// Send has the server send event n to all clients.
func (s *Server) Send(ctx context.Context, n int) error {
	return s.do(ctx, map[string]any{"do": "send", "n": n})
}

// End has the server end the streams of events, by the means of its SDK, and Break closes their connections.
func (s *Server) End(ctx context.Context) error   { return s.do(ctx, map[string]any{"do": "end"}) }
func (s *Server) Break(ctx context.Context) error { return s.do(ctx, map[string]any{"do": "break"}) }

// Refuse has the server's middleware refuse whatever token there is: "token" with 401, "scope" with 403, "" none.
func (s *Server) Refuse(ctx context.Context, what string) error {
	return s.do(ctx, map[string]any{"do": "refuse", "what": what})
}

func (s *Server) do(ctx context.Context, command map[string]any) error {
	return s.process.Do(ctx, command)
}
