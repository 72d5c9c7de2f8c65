package oauth2mock

import (
	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

var _ lab.Server = (*Server)(nil)

// Cases are the two methods for secrets. None can be refused, and none has a secret to
// rotate. Neither discovers the token endpoint: by its metadata, the server takes clients without a secret alone.
func (s *Server) Cases() []lab.Case {
	const why = "it takes any client as what it claims to be"
	basic := alf.Config{ClientID: "alf", ClientSecret: alf.Secret("anything"), TokenURL: s.TokenURL()}
	post := basic
	post.AuthStyle = alf.AuthPost
	return []lab.Case{
		{
			Name: "client_secret_basic", Config: func() alf.Config { return basic },
			Lifetime: lifetime, API: s.APIURL(), WhyNot: why,
		},
		{
			Name: "client_secret_post", Config: func() alf.Config { return post },
			Lifetime: lifetime, API: s.APIURL(), WhyNot: why,
		},
	}
}
