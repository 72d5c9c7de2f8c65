package sidecar

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/sim"
)

// Upstream is an authorization server and an API that verifies its tokens, each at an address of its own, so that
// each can go down and come back without the other.
type Upstream struct {
	// Server is what both serve.
	Server *sim.Server
	// Authorization and API are where.
	Authorization, API *lab.Site
	// Secret is the file with the secret of the client ClientID.
	Secret string

	arrived atomic.Pointer[func()]
}

// OnArrival calls f with each request that carries a good token, before it is served; nil: nothing any more.
func (u *Upstream) OnArrival(f func()) {
	if f == nil {
		f = func() {}
	}
	u.arrived.Store(&f)
}

// serve is what the server's API is.
func (u *Upstream) serve(w http.ResponseWriter, r *http.Request) {
	(*u.arrived.Load())()
	api.ServeHTTP(w, r)
}

// ClientID is the client that is known.
const ClientID = "sidecar"

// NewUpstream starts both. Tokens live for lifetime. The secret's file is in dir.
func NewUpstream(ctx context.Context, dir string, lifetime time.Duration) (*Upstream, error) {
	u := &Upstream{Secret: filepath.Join(dir, "client.secret")}
	u.OnArrival(nil)
	u.Server = sim.New(sim.Options{Lifetime: lifetime, API: http.HandlerFunc(u.serve)})
	if err := u.SetSecret("the first secret"); err != nil {
		return nil, err
	}
	var err error
	for _, site := range []**lab.Site{&u.Authorization, &u.API} {
		if *site, err = lab.NewSite(); err != nil {
			return nil, err
		}
		(*site).Handler = u.Server
	}
	u.API.Handler = AsGRPC(u.Server)
	u.API.Protocols = new(http.Protocols)
	u.API.Protocols.SetHTTP1(true)
	u.API.Protocols.SetUnencryptedHTTP2(true)
	for _, site := range []*lab.Site{u.Authorization, u.API} {
		if err := site.Start(ctx); err != nil {
			u.Close()
			return nil, err
		}
	}
	return u, nil
}

// SetSecret has the server take another secret than before, and then replaces the file, as one does who rotates
// secrets.
func (u *Upstream) SetSecret(secret string) error {
	u.Server.AddClient(ClientID, secret)
	next := u.Secret + ".next"
	if err := os.WriteFile(next, []byte(secret), 0o600); err != nil {
		return err
	}
	return os.Rename(next, u.Secret)
}

// TokenURL is the token endpoint.
func (u *Upstream) TokenURL() string { return u.Authorization.URL() + sim.TokenPath }

// Client is the settings of the client, for a configuration.
func (u *Upstream) Client() Config {
	return Config{"token_url": u.TokenURL(), "client_id": ClientID, "client_secret_file": u.Secret}
}

// Routes are two to the API, for a configuration: gRPC's methods over HTTP/2, and all else over HTTP/1.1.
func (u *Upstream) Routes() []Config {
	return []Config{
		{"name": "api", "upstream": u.API.URL()},
		{"name": "grpc", "path": "/echo.Echo/", "upstream": u.API.URL(), "http2": true},
	}
}

// Close ends both.
func (u *Upstream) Close() {
	u.Authorization.Stop()
	u.API.Stop()
	u.Server.Close()
}
