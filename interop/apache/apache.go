// Package apache runs Apache as an API, with mod_oauth2, which asks an authorization server about tokens (RFC 7662) or
// checks them by its keys, and, if they are bound, that they are used by whom they were given to (RFC 9449, RFC 8705).
package apache

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"text/template"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
)

//go:embed apache.conf.tmpl
var configuration string

// Kind is a kind of tokens.
type Kind string

// The kinds. What is refused gets 401 and a Bearer challenge.
const (
	Opaque      Kind = "opaque"      // any token that the authorization server calls active
	JWT         Kind = "jwt"         // a JWT
	DPoP        Kind = "dpop"        // a JWT that is bound to a key, with proofs
	Certificate Kind = "certificate" // a JWT that is bound to a certificate, over connections with it
	Scope       Kind = "scope"       // a JWT with the scope MissingScope; without it 401 as well, but insufficient_scope
)

// MissingScope is what a token needs at Scope.
const MissingScope = "stock:write"

// Trust is whose tokens Apache takes, and who it is itself. It does not check the certificates of where it asks.
type Trust struct {
	KeysURL          string // of a JWK Set
	IntrospectionURL string
	ID, Secret       string // for basic authentication there
	Certificate      []byte // Apache's own, and its key: PEM
}

// Server is an Apache that runs.
type Server struct {
	port    int
	process *child.Process
}

// Start starts an Apache that keeps its files in dir.
func Start(ctx context.Context, dir string, trust Trust) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	certificate, conf := filepath.Join(dir, "apache.pem"), filepath.Join(dir, "apache.conf")
	text, err := configure(map[string]any{
		"Dir": dir, "Modules": modules, "Port": found[0], "Certificate": certificate, "Scope": MissingScope,
		"Keys": trust.KeysURL, "Introspection": trust.IntrospectionURL,
		"Credentials": url.Values{"client_id": {trust.ID}, "client_secret": {trust.Secret}}.Encode(),
	})
	if err != nil {
		return nil, err
	}
	for name, content := range map[string][]byte{certificate: trust.Certificate, conf: text} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	// mod_oauth2 says so once the port is open.
	process, err := child.Serve(ctx, " - init", binary(), "-X", "-f", conf)
	if err != nil {
		return nil, err
	}
	return &Server{port: found[0], process: process}, nil
}

// configure makes the configuration.
func configure(values map[string]any) ([]byte, error) {
	parsed, err := template.New("").Parse(configuration)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = parsed.Execute(&text, values)
	return text.Bytes(), err
}

// URL is the API that takes tokens of one kind.
func (s *Server) URL(kind Kind) string { return fmt.Sprintf("https://127.0.0.1:%d/%s", s.port, kind) }

// Log is the last lines that Apache wrote.
func (s *Server) Log() string { return s.process.Said() }

// Close ends Apache.
func (s *Server) Close() { s.process.Close() }
