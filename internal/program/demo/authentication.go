package demo

import "github.com/alf-go/alf"

// authentication says how the client authenticates, a line for each part of it; none if it does what clients do by
// default.
func (o Options) authentication() []string {
	if o.AuthStyle == alf.AuthBasic && !o.DPoP && !o.Discover {
		return nil
	}
	lines := []string{"authenticates by " + o.AuthStyle.String()}
	if o.AuthStyle == alf.AuthTLS || o.AuthStyle == alf.AuthSelfSignedTLS {
		lines = append(lines, "its tokens are bound to its certificate, which the API asks for as well")
	}
	if o.DPoP {
		lines = append(lines, "its tokens are bound to a key (DPoP), and both servers want nonces in proofs")
	}
	if o.Discover {
		lines = append(lines, "it finds the token endpoint in the issuer's metadata")
	}
	return lines
}
