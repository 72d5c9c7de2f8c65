// Package nodeoauth runs @node-oauth/oauth2-server, a library for Node, as an authorization server, with two APIs that
// let it check their tokens.
//
// What is particular about it: it takes id and secret from Basic as they are, without decoding them, so that reserved
// characters need AuthBasicRaw; a wrong secret is 401 with Basic and 400 in the form; "unauthorized_request" is its
// name for a request without a token; and unless the application sends the headers that the library proposes, a 401 and
// a 403 have no challenge, and the error is in their body alone.
package nodeoauth

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/node"
	"github.com/alf-go/alf/interop/ports"
)

// lifetime is how long tokens live. The server counts in milliseconds, and returns whole seconds.
const lifetime = 4 * time.Second

const library = "@node-oauth/oauth2-server"

// Server is a [lab.Server].
type Server struct {
	node.Service
	settings settings
	accounts []*lab.Account
}

// settings is what the script is given whenever it starts.
type settings struct {
	Port     int               `json:"port"`
	Lifetime int               `json:"lifetime"`
	State    string            `json:"state"`
	Secrets  map[string]string `json:"secrets"`
}

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string { return node.Missing(library) }

// New makes a server that keeps its tokens in dir. It has to be started, and stopped in the end.
func New(dir string) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	state := filepath.Join(dir, "state")
	s := &Server{settings: settings{
		Port: found[0], Lifetime: int(lifetime.Seconds()), State: state, Secrets: map[string]string{},
	}}
	s.Service = node.Service{Script: "nodeoauth.mjs", Settings: &s.settings, State: state}
	const special = "100% s3cret/+:& "
	s.accounts = []*lab.Account{
		lab.NewAccount("basic", special, alf.Config{TokenURL: s.url("/token"), AuthStyle: alf.AuthBasicRaw}),
		lab.NewAccount("post", special, alf.Config{TokenURL: s.url("/token"), AuthStyle: alf.AuthPost}),
	}
	for _, a := range s.accounts {
		s.settings.Secrets[a.ID] = a.Secret()
	}
	return s, nil
}

// Name is the library and its version.
func (s *Server) Name() string { return library + " " + node.Version(library) }

// SetLifetime implements [lab.Lasting].
func (s *Server) SetLifetime(d time.Duration) { s.settings.Lifetime = int(d.Seconds()) }

// Cases are the clients. Each has an API that refuses in another way.
func (s *Server) Cases() []lab.Case {
	cases := []lab.Case{
		{Name: "client_secret_basic, raw", API: s.url("/api")},
		{Name: "client_secret_post, refused without a challenge", API: s.url("/quiet")},
	}
	for i := range cases {
		a := s.accounts[i]
		cases[i].Config, cases[i].Wrong, cases[i].Lifetime = a.Config, a.Wrong, lifetime
		cases[i].Says = "client is invalid"
		cases[i].Rotate = func(ctx context.Context) error {
			return a.Rotate(func(secret string) error {
				s.settings.Secrets[a.ID] = secret
				return s.Do(ctx, map[string]any{"do": "client", "id": a.ID, "secret": secret})
			})
		}
	}
	return cases
}

func (s *Server) url(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", s.settings.Port, path)
}
