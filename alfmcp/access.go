package alfmcp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/wire"
)

// Access is a client of one MCP server: a token for it, and what uses the token. Its methods may be called by several
// goroutines at once, and its transport may be used for several sessions. Close it.
type Access struct {
	client   *alf.Client
	endpoint *url.URL
	resource string
	http     *http.Client
	ended    atomic.Pointer[func(error)]
	closing  context.Context
	close    context.CancelFunc
	once     sync.Once
}

// New makes the Access to the server at endpoint, which is the URL that a session connects to. It requires of cfg what
// [alf.New] does: Issuer or TokenURL, ClientID, and credentials. cfg may have any AuthStyle; SEP-1046 has a client
// secret (alf.AuthBasic) and alf.AuthPrivateKeyJWT.
//
// Unless cfg.Resource is set, New reads what the server publishes about itself (RFC 9728), without any credentials and
// within the limits of "alf discover", and requests tokens for the resource that the server states there (RFC 8707
// section 2); without a document, for endpoint. It fails if the document names authorization servers, and cfg.Issuer is
// none of them, and if the server takes only tokens that are bound in a way that cfg does not have. Unless cfg.Origins
// is set, the token goes to the origin of endpoint alone. Scopes are those of cfg: a server does not add any.
//
// ctx bounds New, and has no influence on the Access.
func New(ctx context.Context, endpoint string, cfg alf.Config) (*Access, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("alfmcp: the endpoint is not the URL of an MCP server: use https://host/path")
	}
	u.Fragment, u.RawFragment = "", ""
	if len(cfg.Origins) == 0 {
		cfg.Origins = []string{wire.Origin(u)}
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.Resource) == 0 {
		if cfg.Resource, err = resource(ctx, u, &cfg); err != nil {
			return nil, err
		}
	}
	client, err := alf.New(cfg)
	if err != nil {
		return nil, err
	}
	a := &Access{client: client, endpoint: u, resource: cfg.Resource[0]}
	a.closing, a.close = context.WithCancel(context.Background())
	a.http = client.HTTPClient()
	a.http.Transport = &carrier{access: a, base: a.http.Transport, places: newPlaces()}
	return a, nil
}

// Client is the client that has the token, for requests to other parts of the server, and for what it counts.
func (a *Access) Client() *alf.Client { return a.client }

// Resource is what tokens are requested for: the resource that the server states, or the first of cfg.Resource.
func (a *Access) Resource() string { return a.resource }

// HTTPClient is what Transport uses: requests carry the token, are sent again once if it is rejected, and a 401 or 403
// that remains is a [RefusedError]. That is not so if its body is an error of JSON-RPC, and for the request that opens
// the stream beside the calls, without which the SDK goes on. The client has no Timeout unless cfg.HTTPClient has one,
// which would end streams of events as well.
func (a *Access) HTTPClient() *http.Client {
	c := *a.http
	return &c
}

// Transport makes a transport for one session. Its fields may be changed before it is used, except for HTTPClient and
// OAuthHandler.
func (a *Access) Transport() *mcp.StreamableClientTransport {
	return &mcp.StreamableClientTransport{Endpoint: a.endpoint.String(), HTTPClient: a.HTTPClient()}
}

// StreamEnded has f called whenever a stream of events ends that the session or its server did not close on purpose:
// err says how, and is io.EOF if the server ended it in an orderly way. With protocol version 2026-07-28 the SDK does
// not open it again: f can have the session subscribe again. With an earlier one the SDK does. f is called on the
// goroutine that reads the stream, and must not block. Nil: no function.
func (a *Access) StreamEnded(f func(err error)) {
	if f == nil {
		a.ended.Store(nil)
		return
	}
	a.ended.Store(&f)
}

// Close closes the client, as [alf.Client.Close] does. Sessions should be closed before, because the request by which
// the SDK ends a session at the server needs a token.
func (a *Access) Close() {
	a.once.Do(func() {
		a.close()
		a.client.Close()
		a.client.CloseIdleConnections()
	})
}

// Extension is the name of the extension for client credentials (SEP-1046).
const Extension = "io.modelcontextprotocol/oauth-client-credentials"

// Announce returns options with which the SDK's client announces the extension to the server, beside what options
// announce already; nil stands for no options. It changes nothing of options.
func Announce(options *mcp.ClientOptions) *mcp.ClientOptions {
	var out mcp.ClientOptions
	if options != nil {
		out = *options
	}
	//lint:ignore SA1019 the SDK announces roots if it is given no capabilities, and these take their place
	capabilities := mcp.ClientCapabilities{RootsV2: &mcp.RootCapabilities{ListChanged: true}}
	if out.Capabilities != nil {
		capabilities = *out.Capabilities
		extensions := capabilities.Extensions
		capabilities.Extensions = nil
		for name, settings := range extensions {
			if known, ok := settings.(map[string]any); ok || settings == nil {
				capabilities.AddExtension(name, known)
				continue
			}
			capabilities.AddExtension(name, nil)
			capabilities.Extensions[name] = settings
		}
	}
	if _, announced := capabilities.Extensions[Extension]; !announced {
		capabilities.AddExtension(Extension, nil)
	}
	out.Capabilities = &capabilities
	return &out
}

// origin is that of the server, as the token manager knows it.
func (a *Access) origin() string { return wire.Origin(a.endpoint) }
