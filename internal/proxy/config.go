package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
)

// Config is what a [Proxy] is made from. It has been validated by the caller.
type Config struct {
	// Listeners serve the routes.
	Listeners []Listener
	// Health is the address of /readyz and /livez, which serves nothing else. "": there is none.
	Health string
	// Admin is the address of /status, /metrics and /quitquitquit, in the form of Listener.Address. "": there is none.
	Admin string
	// Clients have the tokens of the routes.
	Clients []Client
	// Routes say which requests go where.
	Routes []Route
	// DrainTime is how long requests may take when the proxy ends, and UpgradeDrainTime how long websockets may stay
	// open then.
	DrainTime, UpgradeDrainTime time.Duration
	// AccessLog gets a line of JSON for each request, by one Write at a time. One that is slow loses lines, and delays
	// nothing. Nil: there is no access log.
	AccessLog io.Writer
	// Log gets what happens otherwise. Required.
	Log *slog.Logger
}

// Listener is an address that callers connect to.
type Listener struct {
	// Address is "unix:PATH", "HOST:PORT", or "systemd:NAME" for a socket that systemd has opened.
	Address string
	// Mode is that of a Unix socket. 0: 0600.
	Mode fs.FileMode
	// Hosts are served beside those of the routes.
	Hosts []string
	// CallerSecret returns what callers have to send. It is called for every request, and has to be quick. Nil: every
	// process that can connect may call.
	CallerSecret func() ([]byte, error)
	// AllowLocalUsers and AllowAnyAddress are about sockets of systemd, whose address is not in the configuration: the
	// first lets one be on TCP without a CallerSecret, the second on an address that other machines can reach.
	AllowLocalUsers, AllowAnyAddress bool
	// Open opens the listener in place of Address, for tests in memory. Nil: it is opened by Address.
	Open func() (net.Listener, error)
}

// Client is the credentials of one client, and the tokens that they obtain: a pool.
type Client struct {
	// Name is the tenant; "" the default one.
	Name string
	// Key names the settings: over a reload, a client keeps its tokens if its Key stays the same.
	Key string
	// Config is what the pool is made from. Its HTTPClient says what sends requests to the upstreams: of an
	// *http.Transport, this package takes TLSClientConfig and Proxy; any other is used as it is. A Rejected takes the
	// place of the usual rule, beside that of gRPC. Nil Logger: Config.Log of the proxy.
	Config alf.Config
}

// Validate returns everything that [New] would refuse about the client as one error, which joins a *[alf.FieldError]
// for each field; nil if it can be used. What would have no effect behind the proxy is refused.
func (c *Client) Validate() error {
	problems := []error{(alf.PoolConfig{Config: c.Config}).Validate()}
	if own := c.Config.HTTPClient; own != nil {
		for _, f := range []struct {
			name   string
			set    bool
			remedy string
		}{
			{"Timeout", own.Timeout != 0, "unset it, and limit the upstream's response by the route"},
			{"Jar", own.Jar != nil, "unset it: cookies are the callers'"},
			{"CheckRedirect", own.CheckRedirect != nil, "unset it: redirects are passed on to the callers"},
		} {
			if f.set {
				problems = append(problems, &alf.FieldError{Field: "Config.HTTPClient." + f.name, Problem: "has no effect behind the proxy", Remedy: f.remedy})
			}
		}
	}
	return errors.Join(problems...)
}

// Route is where requests go, and the token they carry.
type Route struct {
	routing.Route
	// Upstream is the server: scheme and host. Its path is in UpstreamPath.
	Upstream *url.URL
	// HTTP2 speaks HTTP/2 without TLS to an http upstream.
	HTTP2 bool
	// ResponseTime is how long the upstream may take until its response begins. 0: no limit.
	ResponseTime time.Duration
	// Client is the index of the client in Config.Clients, and Target which of its tokens is used.
	Client int
	Target alf.Target
}

// tlsOf is the configuration for connections to the upstreams of a client. Sessions are resumed: when many callers end
// at once, many connections are opened again, and most of what that costs are signatures (RFC 8446 section 2.2).
func (c *Client) tlsOf() *tls.Config {
	own := new(tls.Config)
	if base, ok := c.transportOf(); ok && base.TLSClientConfig != nil {
		own = base.TLSClientConfig.Clone()
	}
	if own.ClientSessionCache == nil {
		own.ClientSessionCache = tls.NewLRUClientSessionCache(sessions)
	}
	return own
}

// sessions is how many upstreams have one.
const sessions = 256
