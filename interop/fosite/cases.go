package fosite

import (
	"context"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/keys"
)

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	var cases []lab.Case
	for _, a := range s.accounts {
		cases = append(cases, s.newCase(a))
	}
	return cases
}

// SetLifetime implements [lab.Lasting]. Tokens that are expired on arrival stay so: that is what their row is about.
func (s *Server) SetLifetime(d time.Duration) {
	for _, a := range s.accounts {
		if a.expiresIn() > 0 {
			a.lasting.Store(int64(d))
		}
	}
}

func (s *Server) newCase(a *account) lab.Case {
	c := lab.Case{
		Name:     a.name(),
		Lifetime: a.lifetime,
		API:      s.site.URL() + "/api",
		Config:   func() alf.Config { return s.config(a, a.credentials) },
		Says:     "Client authentication failed",
		Rotate: func(context.Context) error {
			fresh, err := a.fresh()
			if err != nil {
				return err
			}
			// The server first: a client that comes in between is refused and then looks for another secret.
			defer a.current.Store(fresh)
			return s.store.register(a, fresh)
		},
	}
	c.Wrong = func() alf.Config {
		other, err := a.fresh()
		if err != nil {
			panic(err)
		}
		other.kid = a.credentials().kid
		return s.config(a, func() *credentials { return other })
	}
	if a.expiresIn() == 0 {
		const why = "its tokens are expired on arrival (expires_in is 0): none is used a second time"
		c.Skip = map[string]string{"Revocation": why, "New keys": why, "Outage": why}
	}
	return c
}

// name is the row's.
func (a *account) name() string {
	name := a.method
	if a.external {
		name = "client_assertion"
	}
	if a.alg != "" {
		name += ", " + a.alg
	}
	if a.jwt {
		name += ", JWT tokens"
	}
	if a.expiresIn() == 0 {
		name += ", 1 s"
	}
	return name
}

// config is that of a client with whatever credentials there are at each fetch.
func (s *Server) config(a *account, now func() *credentials) alf.Config {
	c := alf.Config{
		TokenURL: s.tokenURL(),
		ClientID: a.id,
		Scopes:   []string{scope},
		Audience: []string{audience},
	}
	secret := func(context.Context) (string, error) { return now().secret, nil }
	switch a.method {
	case "client_secret_basic":
		c.ClientSecret = secret
	case "client_secret_post":
		c.ClientSecret, c.AuthStyle = secret, alf.AuthPost
	case "private_key_jwt":
		if a.external {
			c.AuthStyle = alf.AuthExternalAssertion
			c.Assertion.Source = func(context.Context) (string, error) { return a.assertion(now(), s.tokenURL()) }
			break
		}
		c.AuthStyle = alf.AuthPrivateKeyJWT
		c.Assertion.Key = func(context.Context) (*keys.Key, error) { return keys.New(now().key, now().kid, "") }
	}
	return c
}
