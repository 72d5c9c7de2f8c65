package glewlwyd

import (
	"context"
	"net/http"
	"net/url"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

// idPrefix begins the ids of the clients whose requests are counted.
const idPrefix = "alf "

// newAccounts makes the clients, one a row of the table. Their secrets would be other ones if they were encoded.
func (s *Server) newAccounts() []*lab.Account {
	const special = "100% s3cret/+:& "
	config := alf.Config{TokenURL: s.url("/api/oidc/token"), Scopes: []string{scope}}
	basic, post := config, config
	basic.AuthStyle, post.AuthStyle = alf.AuthBasicRaw, alf.AuthPost
	return []*lab.Account{
		lab.NewAccount(idPrefix+"basic", special, basic), lab.NewAccount(idPrefix+"post", special, post),
	}
}

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	cases := []lab.Case{{Name: "client_secret_basic, raw"}, {Name: "client_secret_post"}}
	for i := range cases {
		a := s.accounts[i]
		cases[i].Config, cases[i].Wrong, cases[i].Lifetime, cases[i].API = a.Config, a.Wrong, lifetime, s.api.URL()+"/api"
		cases[i].Says, cases[i].SaysStatus = "403 Forbidden", http.StatusForbidden // the body is empty
		cases[i].Rotate = func(ctx context.Context) error {
			s.rotation.Lock()
			defer s.rotation.Unlock()
			return a.Rotate(func(secret string) error {
				return s.admin(ctx, http.MethodPut, "/client/"+url.PathEscape(a.ID), clientOf(a.ID, secret))
			})
		}
	}
	return cases
}
