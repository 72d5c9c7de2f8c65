package proxy

import (
	"net/http"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/http1"
	"github.com/alf-go/alf/internal/transport"
)

const (
	// maxIdlePerHost is how many idle connections to an upstream are kept: as many as requests may be in flight.
	maxIdlePerHost = 1024
	// idleTime is shorter than the 60 s after which most servers and load balancers close an idle connection.
	idleTime = 55 * time.Second
	// expectTime is how long the upstream may take to respond to Expect: 100-continue before the body is sent. Without
	// a limit, net/http sends both a 100 of its own and the upstream's.
	expectTime = time.Second
	// connectionBuffer is that of a connection in each direction: most requests and responses fit.
	connectionBuffer = 8 << 10
	// pingTime is how long an HTTP/2 connection may be silent (C9), and pongTime how long a ping may take.
	pingTime, pongTime = 5 * time.Second, 10 * time.Second
	// maxHead is how much the head of a response may have.
	maxHead = 256 << 10
)

// transportOf is the transport that a client's configuration brings; false if there is none.
func (c *Client) transportOf() (*http.Transport, bool) {
	if c.Config.HTTPClient == nil {
		return nil, false
	}
	t, ok := c.Config.HTTPClient.Transport.(*http.Transport)
	return t, ok
}

// newUpstream makes the transport to the upstreams of one client. Plain connections speak HTTP/2 if that is said.
func (c *Client) newUpstream(http2 bool) *http.Transport {
	t := &http.Transport{
		DialContext:            dial.AllAddresses(nil),
		TLSClientConfig:        c.tlsOf(),
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTime,
		ExpectContinueTimeout:  expectTime,
		DisableCompression:     true, // what the caller accepts is for the caller to say
		ReadBufferSize:         connectionBuffer,
		WriteBufferSize:        connectionBuffer,
		MaxResponseHeaderBytes: maxHead,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingTime, PingTimeout: pongTime},
	}
	if own, ok := c.transportOf(); ok {
		t.Proxy = own.Proxy
	}
	if http2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

// newPool makes the pool of a client, whose requests to the upstreams it sends by a transport of this package; one that
// is no http.Transport, as in tests, is used as it is.
func (c *Client) newPool(cfg *Config) (*pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	own := c.Config
	if _, standard := c.transportOf(); standard || own.HTTPClient == nil || own.HTTPClient.Transport == nil {
		own.HTTPClient = &http.Client{Transport: c.newUpstream(false)}
	}
	own.Rejected = rejectedBy(own.Rejected)
	if own.Logger == nil {
		own.Logger = cfg.Log
	}
	tokens, err := alf.NewPool(alf.PoolConfig{Config: own})
	if err != nil {
		return nil, err
	}
	base := own.HTTPClient.Transport
	if own.Certificate != nil {
		base = transport.BaseOf(tokens.Client(alf.Target{}).Transport(nil)) // which presents the certificate of each token
	} else if standard, ok := base.(*http.Transport); ok {
		base = http1.New(standard)
	}
	return &pool{Pool: tokens, name: c.Name, base: base}, nil
}

// CloseIdleConnections closes those of the tokens' requests and of the routes'.
func (p *pool) CloseIdleConnections() {
	p.Pool.CloseIdleConnections()
	if own, ok := p.base.(interface{ CloseIdleConnections() }); ok {
		own.CloseIdleConnections()
	}
}
