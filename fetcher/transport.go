package fetcher

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/alf-go/alf/internal/dial"
)

// newTransport makes a transport of the fetcher's own, so that the token endpoint's proxy, certificates and connections
// are apart from those of other requests.
func newTransport(cfg Config) (transport http.RoundTripper, closeIdle func()) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		// Mocks and instrumentation replace it, and want every request (C10).
		return replacedDefault{}, func() {}
	}
	own := standard.Clone()
	dialAll(own)
	if own.HTTP2 == nil {
		// A dead connection is noticed within 20 s even if no request times out on it (C9).
		own.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	}
	settings := &cfg.TokenRequest
	if settings.Proxy != nil {
		own.Proxy = settings.Proxy
	}
	if settings.TLS != nil {
		own.TLSClientConfig = settings.TLS
	}
	if settings.Renegotiation != 0 {
		own.TLSClientConfig = withRenegotiation(own.TLSClientConfig, settings.Renegotiation)
	}
	if settings.needOwnTransport() || cfg.Certificate != nil {
		return own, own.CloseIdleConnections
	}
	return &followsDefault{own, standard}, own.CloseIdleConnections
}

// dialAll has a transport try all addresses of a host, unless its connections are made by a function of the user's.
func dialAll(t *http.Transport) {
	//lint:ignore SA1019 a transport that still sets it must keep it
	custom := t.Dial != nil || t.DialTLS != nil || t.DialTLSContext != nil
	if custom {
		return
	}
	if t.DialContext == nil && t.TLSClientConfig == nil {
		t.ForceAttemptHTTP2 = true // which a DialContext would otherwise end
	}
	t.DialContext = dial.AllAddresses(t.DialContext)
}

// withRenegotiation returns a copy of config that allows renegotiation.
func withRenegotiation(config *tls.Config, allowed tls.RenegotiationSupport) *tls.Config {
	if config = config.Clone(); config == nil {
		config = new(tls.Config)
	}
	config.Renegotiation = allowed
	return config
}

// needOwnTransport reports whether a setting is one of the transport, which a replaced http.DefaultTransport cannot
// have.
func (r *TokenRequest) needOwnTransport() bool {
	return r.Proxy != nil || r.TLS != nil || r.Renegotiation != 0
}

// replacedDefault sends through whatever http.DefaultTransport is now.
type replacedDefault struct{}

func (replacedDefault) RoundTrip(req *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(req)
}

// followsDefault sends through own, a clone of standard, as long as that is http.DefaultTransport. A test may replace
// it after the fetcher was made.
type followsDefault struct{ own, standard *http.Transport }

func (t *followsDefault) RoundTrip(req *http.Request) (*http.Response, error) {
	if now, ok := http.DefaultTransport.(*http.Transport); !ok || now != t.standard {
		return http.DefaultTransport.RoundTrip(req)
	}
	return t.own.RoundTrip(req)
}

// isDialError reports whether no connection could be made.
func isDialError(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &name)
}
