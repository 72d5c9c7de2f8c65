// Package nginx runs nginx as an API, with a few lines of njs that ask an authorization server about each token
// (RFC 7662).
package nginx

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"text/template"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
)

//go:embed nginx.conf.tmpl introspect.js
var files embed.FS

// Kind is a way to say no.
type Kind string

// The ways. All of them let an active token through, except Scope.
const (
	Proper Kind = "proper" // 401 with a Bearer challenge, which says invalid_token if there was a token
	Silent Kind = "silent" // 401 without a challenge
	Basic  Kind = "basic"  // 401 with a challenge for passwords
	Scope  Kind = "scope"  // as Proper; but a token without the scope MissingScope gets 403 insufficient_scope
)

// MissingScope is what a token needs at Scope.
const MissingScope = "stock:write"

// Server is an nginx that runs.
type Server struct {
	port    int
	process *child.Process
}

// Start starts an nginx that keeps its files in dir, and asks the introspection endpoint as the client id with secret
// by basic authentication. It does not check the endpoint's certificate.
func Start(ctx context.Context, dir, introspectionURL, id, secret string) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "introspect.js")
	conf := filepath.Join(dir, "nginx.conf")
	text, err := files.ReadFile("introspect.js")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(script, text, 0o600); err != nil {
		return nil, err
	}
	// RFC 6749 section 2.3.1: both are form-encoded first.
	credentials := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	if err := write(conf, map[string]any{
		"Module": modulePath(), "Script": script, "Port": found[0], "Scope": MissingScope,
		"Introspection": introspectionURL, "Credentials": base64.StdEncoding.EncodeToString([]byte(credentials)),
	}); err != nil {
		return nil, err
	}

	// nginx speaks of the event method once the port is open.
	process, err := child.Serve(ctx, "event method", Binary(), "-p", dir, "-c", conf, "-e", "stderr")
	if err != nil {
		return nil, err
	}
	return &Server{port: found[0], process: process}, nil
}

// write writes the configuration.
func write(name string, values map[string]any) error {
	conf, err := template.ParseFS(files, "nginx.conf.tmpl")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(conf.Execute(file, values), file.Close())
}

// URL is the API that says no in one way.
func (s *Server) URL(kind Kind) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", s.port, kind) }

// Log is the last lines that nginx wrote.
func (s *Server) Log() string { return s.process.Said() }

// Close ends nginx.
func (s *Server) Close() { s.process.Close() }
