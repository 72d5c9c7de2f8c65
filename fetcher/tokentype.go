package fetcher

import (
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// The token types of RFC 6750 and RFC 9449, spelled as schemes have to be sent.
const (
	bearer   = "Bearer"
	dpopType = "DPoP"
)

// tokenType is TokenType or its default.
func (c *Config) tokenType() string {
	switch {
	case c.TokenType != "":
		return c.TokenType
	case c.DPoP != nil:
		return dpopType
	}
	return bearer
}

// authScheme is AuthScheme or its default.
func (c *Config) authScheme() string {
	scheme := c.AuthScheme
	if scheme == "" {
		scheme = c.tokenType()
	}
	for _, spelling := range []string{bearer, dpopType} {
		if strings.EqualFold(scheme, spelling) {
			return spelling
		}
	}
	return scheme
}

func (c *Config) validateTokenType(p *problems) {
	if c.DPoP != nil && c.TokenType != "" && !strings.EqualFold(c.TokenType, dpopType) {
		p.add("TokenType", "leave it empty, or unset DPoP", "%q is not the type of tokens that are bound by DPoP", c.TokenType)
		return
	}
	if c.TokenType != strings.TrimSpace(c.TokenType) || strings.ContainsFunc(c.TokenType, isControl) {
		p.add("TokenType", "leave it empty for Bearer", "%q is not the name of a token type", c.TokenType)
		return
	}
	switch scheme := c.authScheme(); {
	case c.AuthScheme != "" && c.DPoP != nil && !strings.EqualFold(c.AuthScheme, dpopType):
		p.add("AuthScheme", "leave it empty, or unset DPoP", "%q is not the scheme of tokens that are bound by DPoP", c.AuthScheme)
	case wire.ValidName(scheme):
	case c.AuthScheme != "":
		p.add("AuthScheme", "leave it empty for Bearer", "%q is not the name of an authentication scheme", c.AuthScheme)
	default:
		p.add("TokenType", `set AuthScheme to the scheme that APIs expect, such as "Bearer"`, "%q is not the name of a token type that could be sent as a scheme", c.TokenType)
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
