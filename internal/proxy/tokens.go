package proxy

import (
	"fmt"
	"slices"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
)

// token is one that routes use.
type token struct {
	name   string // for people and metrics
	client string // the tenant
	target alf.Target
	routes []string
	handle *alf.Client
	// needed is false if callers may bring their own on all its routes.
	needed bool
}

// tokensOf lists the tokens of a state's routes, each once, in the order of the routes.
func tokensOf(s *state) (all []token) {
	at := make(map[string]int)
	for i := range s.routes {
		r := s.routes[i].Route
		scopes := slices.Sorted(slices.Values(r.Target.Scopes))
		key := fmt.Sprintf("%d %q %q %q %q %q", r.Client, r.Target.Tenant, scopes, r.Target.Audience, r.Target.Resource, r.Target.Params.Encode())
		needed := r.Headers.Authorization != routing.Pass
		if known, ok := at[key]; ok {
			all[known].routes = append(all[known].routes, r.Name)
			all[known].needed = all[known].needed || needed
			continue
		}
		at[key] = len(all)
		c := &s.cfg.Clients[r.Client]
		all = append(all, token{
			name: c.label() + "/" + r.Name, client: c.label(), target: r.Target, routes: []string{r.Name},
			needed: needed, handle: s.pools[c.Key].Client(r.Target),
		})
	}
	return all
}

// label is the name of a client where it must not be empty.
func (c *Client) label() string {
	if c.Name == "" {
		return "default"
	}
	return c.Name
}
