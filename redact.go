package alf

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// redacted says which configuration it is and nothing that could be secret. A token endpoint's address can be, in its query
// and user information.
func (c Config) redacted() string {
	field, address := "TokenURL", c.TokenURL
	if c.Issuer != "" {
		field, address = "Issuer", c.Issuer
	}
	endpoint := "?"
	if u, err := url.Parse(address); err == nil {
		endpoint = u.Scheme + "://" + u.Host + u.EscapedPath()
	}
	return fmt.Sprintf("alf.Config{%s:%q ClientID:%q Scopes:%q REDACTED}", field, endpoint, c.ClientID, c.Scopes)
}

// Format prints a redaction, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.redacted()) }

// MarshalJSON returns a redaction.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.redacted()) }

// LogValue returns a redaction.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.redacted()) }

// The rest holds no secret where fmt looks, but printing it would drag in transports and their connections, and read what
// others are writing.

// Format prints the type's name, whatever the verb.
func (Client) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.Client") }

// Format prints the type's name, whatever the verb.
func (tokenSource) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.TokenSource") }
