package doorkeeper

import (
	"context"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

// newAccounts makes the clients, one a row of the table. Their secrets would be other ones if they were encoded.
func (s *Server) newAccounts() []*lab.Account {
	const special = "100% s3cret/+:& "
	config := alf.Config{TokenURL: s.url("/oauth/token")}
	basic, post := config, config
	basic.AuthStyle, post.AuthStyle = alf.AuthBasicRaw, alf.AuthPost
	return []*lab.Account{lab.NewAccount("basic", special, basic), lab.NewAccount("post", special, post)}
}

// why401 says why requests at a token's very end cannot all succeed: the endpoint rounds up what is left of its life
// and returns the same token until that has passed.
const why401 = "it refuses a token up to half a second before the end that it states, and has no other until then"

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	cases := []lab.Case{{Name: "client_secret_basic, raw"}, {Name: "client_secret_post"}}
	if s.reuse {
		cases = cases[:1] // the setting concerns all clients alike
	}
	for i := range cases {
		a := s.accounts[i]
		cases[i].Config, cases[i].Wrong, cases[i].Lifetime, cases[i].API = a.Config, a.Wrong, lifetime, s.url("/api")
		cases[i].Says = "Client authentication failed"
		if cases[i].Reuses = s.reuse; s.reuse {
			cases[i].Skip = map[string]string{"Expiry": why401}
		}
		cases[i].Rotate = func(ctx context.Context) error {
			return a.Rotate(func(secret string) error { return s.register(ctx, a.ID, secret) })
		}
	}
	return cases
}
