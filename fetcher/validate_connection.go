package fetcher

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
)

// reservedHeaders are set by the fetcher or by net/http.
var reservedHeaders = []string{
	"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length",
	"Content-Type", "Dpop", "Expect", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// validate checks the settings, and whether the certificate of cfg can be presented with them.
func (r *TokenRequest) validate(p *problems, cfg *Config) {
	for _, name := range sortedKeys(r.Header) {
		switch {
		case !wire.ValidName(name):
			p.add("TokenRequest.Header", "correct or remove it", "%q is not a header name", name)
		case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
			p.add("TokenRequest.Header", "remove it", "%q is set by the fetcher", name)
		case slices.ContainsFunc(r.Header[name], func(value string) bool { return strings.ContainsFunc(value, isControl) }):
			p.add("TokenRequest.Header", "remove that", "a value of %q has a control character", name)
		}
	}
	if r.Timeout < 0 {
		p.add("TokenRequest.Timeout", "use 0 for none", "%v is negative", r.Timeout)
	}
	if r.Renegotiation < tls.RenegotiateNever || r.Renegotiation > tls.RenegotiateFreelyAsClient {
		p.add("TokenRequest.Renegotiation", "use one of the constants of crypto/tls", "%d does not exist", r.Renegotiation)
	}
	if r.HTTPClient != nil && r.Transport != nil {
		p.add("TokenRequest.Transport", "set HTTPClient.Transport instead", "excluded by HTTPClient")
	}
	if r.HTTPClient != nil || r.Transport != nil {
		r.validateCallers(p, cfg)
		return
	}
	if cfg.Certificate != nil && mtls.HasOwn(r.TLS) {
		p.add("TokenRequest.TLS", "remove that, or Certificate", "has a client certificate already")
	}
	if _, ok := http.DefaultTransport.(*http.Transport); !ok && (r.needOwnTransport() || cfg.Certificate != nil) {
		// It stands for all requests (C10), but cannot be given these settings.
		p.add("TokenRequest.Transport", "set it to the transport that is meant, such as an *http.Transport",
			"http.DefaultTransport was replaced by a %T, which cannot be given a proxy, TLS settings or a certificate", http.DefaultTransport)
	}
}

// validateCallers checks a transport that is the caller's.
func (r *TokenRequest) validateCallers(p *problems, cfg *Config) {
	for _, setting := range []struct {
		field string
		set   bool
	}{
		{"Proxy", r.Proxy != nil},
		{"TLS", r.TLS != nil},
		{"Renegotiation", r.Renegotiation != 0},
	} {
		if setting.set {
			p.add("TokenRequest."+setting.field, "configure it there", "excluded by HTTPClient and Transport")
		}
	}
	if cfg.Certificate == nil {
		return
	}
	if obstacle := mtls.Obstacle(r.base()); obstacle != "" {
		field := "TokenRequest.Transport"
		if r.HTTPClient != nil {
			field = "TokenRequest.HTTPClient.Transport"
		}
		problem, remedy, _ := strings.Cut(obstacle, ": ")
		p.add(field, remedy, "%s", problem)
	}
}

// base is the transport that the configuration has.
func (r *TokenRequest) base() http.RoundTripper {
	switch {
	case r.Transport != nil:
		return r.Transport
	case r.HTTPClient.Transport != nil:
		return r.HTTPClient.Transport
	}
	return http.DefaultTransport
}
