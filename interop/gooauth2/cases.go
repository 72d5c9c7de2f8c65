package gooauth2

import (
	"context"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

// newAccounts makes the clients, one a row of the table. Their secrets would be other ones if they were encoded.
func (s *Server) newAccounts() []*lab.Account {
	const special = "100% s3cret/+:& "
	return []*lab.Account{
		lab.NewAccount("basic", special, alf.Config{TokenURL: s.site.URL() + "/basic/token", AuthStyle: alf.AuthBasicRaw}),
		lab.NewAccount("form", special, alf.Config{TokenURL: s.site.URL() + "/form/token", AuthStyle: alf.AuthPost}),
	}
}

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	var cases []lab.Case
	for i, name := range []string{"client_secret_basic, raw", "client_secret_post, JWT tokens"} {
		a := s.accounts[i]
		cases = append(cases, lab.Case{
			Name: name, Config: a.Config, Wrong: a.Wrong, Lifetime: lifetime, API: s.site.URL() + "/api",
			Says: "Client authentication failed",
			Rotate: func(context.Context) error {
				return a.Rotate(func(secret string) error { return s.register(a.ID, secret) })
			},
		})
	}
	return cases
}
