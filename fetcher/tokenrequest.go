package fetcher

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// TokenRequest holds the settings of the connection to the token endpoint and to the issuer, and of the HTTP requests
// sent there. Its zero value is the default.
//
// It prints as a redaction. There is one exception: fmt calls no methods on unexported fields of other structs. If a
// TokenRequest is in such a field and that struct is printed, Header is printed too.
type TokenRequest struct {
	// HTTPClient sends the token requests. A copy of it is used that follows no redirects; its cookie jar is shared. It
	// excludes Transport, Proxy, TLS and Renegotiation. Nil: a client of the fetcher's own.
	HTTPClient *http.Client
	// Transport is the base transport. It excludes HTTPClient, Proxy, TLS and Renegotiation. Nil: a transport of the
	// fetcher's own, cloned from http.DefaultTransport, which in addition closes HTTP/2 connections that no longer
	// respond to pings, and tries the next address of a host after a few seconds. An http.DefaultTransport that is not
	// an *http.Transport, or that is replaced later, as mocks and instrumentation do, is used as it is.
	Transport http.RoundTripper
	// Proxy chooses the proxy of the fetcher's own transport. It excludes HTTPClient and Transport. Nil: as
	// http.DefaultTransport does.
	Proxy func(*http.Request) (*url.URL, error)
	// TLS configures the fetcher's own transport. It excludes HTTPClient and Transport.
	TLS *tls.Config
	// Renegotiation allows a server to renegotiate TLS 1.2 (RFC 5246 section 7.4.1.1), on the fetcher's own transport.
	// IIS, Azure API Management and Apache's <Location> do so to request the client's certificate. It excludes
	// HTTPClient and Transport. Default: tls.RenegotiateNever.
	Renegotiation tls.RenegotiationSupport
	// Timeout bounds one token request, reading its response included. 0: HTTPClient's, if it has one; else only the
	// context's deadline, which a manager sets to its Policy.AttemptTimeout.
	Timeout time.Duration
	// Header has further headers of the token request, and of requests for the issuer's metadata. Those that this
	// package or net/http sets are refused.
	Header http.Header
}

const redactedTokenRequest = "fetcher.TokenRequest(REDACTED)"

// String returns a redaction.
func (r TokenRequest) String() string { return redactedTokenRequest }

// GoString returns a redaction.
func (r TokenRequest) GoString() string { return redactedTokenRequest }

// Format prints a redaction, whatever the verb.
func (r TokenRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedTokenRequest) }

// MarshalJSON returns a redaction.
func (r TokenRequest) MarshalJSON() ([]byte, error) { return json.Marshal(redactedTokenRequest) }

// LogValue returns a redaction.
func (r TokenRequest) LogValue() slog.Value { return slog.StringValue(redactedTokenRequest) }
