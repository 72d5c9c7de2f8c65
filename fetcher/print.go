package fetcher

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/alf-go/alf/internal/redact"
)

// redacted is all of a Config that may be printed. Names of headers and parameters help to find a mistake; their values
// may be keys.
type redacted struct {
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

func (c Config) redacted() redacted {
	return redacted{
		TokenURL:  redact.URL(c.TokenURL),
		Issuer:    redact.URL(c.Issuer),
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
	r := c.redacted()
	return fmt.Sprintf("fetcher.Config{TokenURL:%s Issuer:%s ClientID:%s AuthStyle:%s Scopes:%q Audience:%q Resource:%q Params:%q Header:%q}",
		r.TokenURL, r.Issuer, r.ClientID, r.AuthStyle, r.Scopes, r.Audience, r.Resource, r.Params, r.Header)
}

// GoString is String: %#v must not print more than %v.
func (c Config) GoString() string { return c.String() }

// Format prints String, whatever the verb: with some verbs, fmt would otherwise print the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalJSON returns what String does, for logs. It cannot be read back: a secret's function has no JSON.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.redacted()) }

// LogValue returns what String does.
func (c Config) LogValue() slog.Value {
	r := c.redacted()
	return slog.GroupValue(
		slog.String("token_url", r.TokenURL),
		slog.String("issuer", r.Issuer),
		slog.String("client_id", r.ClientID),
		slog.String("auth_style", r.AuthStyle),
		slog.Any("scopes", r.Scopes),
		slog.Any("audience", r.Audience),
		slog.Any("resource", r.Resource),
		slog.Any("params", r.Params),
		slog.Any("header", r.Header),
	)
}

// redactedEndpoint is what may be printed of the address that the configuration has.
func (c Config) redactedEndpoint() string {
	if c.Issuer != "" {
		return redact.URL(c.Issuer)
	}
	return redact.URL(c.TokenURL)
}
