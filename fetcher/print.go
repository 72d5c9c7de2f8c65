package fetcher

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// shown is all of a Config that may be seen. Names of headers and parameters
// help to find a mistake; their values may be keys.
type shown struct {
	TokenURL  string   `json:"token_url,omitempty"`
	Issuer    string   `json:"issuer,omitempty"`
	ClientID  string   `json:"client_id"`
	AuthStyle string   `json:"auth_style"`
	Scopes    []string `json:"scopes,omitempty"`
	Audience  []string `json:"audience,omitempty"`
	Resource  []string `json:"resource,omitempty"`
	Params    []string `json:"params,omitempty"`
	Header    []string `json:"header,omitempty"`
}

func (c Config) shown() shown {
	return shown{
		TokenURL:  bareURL(c.TokenURL),
		Issuer:    bareURL(c.Issuer),
		ClientID:  c.ClientID,
		AuthStyle: c.AuthStyle.String(),
		Scopes:    c.Scopes,
		Audience:  c.Audience,
		Resource:  c.Resource,
		Params:    sortedKeys(c.Params),
		Header:    sortedKeys(c.TokenRequest.Header),
	}
}

// String describes the configuration without anything that may be secret.
func (c Config) String() string {
	s := c.shown()
	return fmt.Sprintf("fetcher.Config{TokenURL:%s Issuer:%s ClientID:%s AuthStyle:%s Scopes:%q Audience:%q Resource:%q Params:%q Header:%q}",
		s.TokenURL, s.Issuer, s.ClientID, s.AuthStyle, s.Scopes, s.Audience, s.Resource, s.Params, s.Header)
}

// GoString is String: %#v must not show more than %v.
func (c Config) GoString() string { return c.String() }

// Format writes String whatever the verb: with some verbs fmt would otherwise
// look into the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalJSON writes what String shows, for logs. It cannot be read back: a
// secret's function has no JSON.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.shown()) }

// LogValue logs what String shows.
func (c Config) LogValue() slog.Value {
	s := c.shown()
	return slog.GroupValue(
		slog.String("token_url", s.TokenURL),
		slog.String("issuer", s.Issuer),
		slog.String("client_id", s.ClientID),
		slog.String("auth_style", s.AuthStyle),
		slog.Any("scopes", s.Scopes),
		slog.Any("audience", s.Audience),
		slog.Any("resource", s.Resource),
		slog.Any("params", s.Params),
		slog.Any("header", s.Header),
	)
}

// shownEndpoint is what may be printed of whom the configuration is for.
func (c Config) shownEndpoint() string {
	if c.Issuer != "" {
		return bareURL(c.Issuer)
	}
	return bareURL(c.TokenURL)
}

// bareURL reduces an address to what may be printed: scheme, host and path.
func bareURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	return bare(u)
}

func bare(u *url.URL) string {
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme + ":")
	}
	if u.Host != "" {
		b.WriteString("//" + u.Host)
	}
	b.WriteString(u.EscapedPath())
	return b.String()
}
