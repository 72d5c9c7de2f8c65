package alf

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// redacted identifies a configuration, without anything that may be secret. A token endpoint's address may contain
// secrets, in its query and user information.
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

// The types below contain no secret where fmt looks, but printing them would include transports and their connections,
// and read what other goroutines are writing.

// Format prints the type's name, whatever the verb.
func (Client) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.Client") }

// Format prints the type's name, whatever the verb.
func (tokenSource) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.TokenSource") }
