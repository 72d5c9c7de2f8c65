package alfmcp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/published"
)

// lookTimeout bounds each request for what the server publishes.
const lookTimeout = 10 * time.Second

// resource returns what tokens for the server are requested for.
func resource(ctx context.Context, endpoint *url.URL, cfg *alf.Config) ([]string, error) {
	found, err := published.Look(ctx, published.Options{
		API: endpoint, Transport: baseOf(cfg), AllowHTTP: cfg.AllowHTTP, Timeout: lookTimeout,
		UserAgent: "alfmcp", ResourceOnly: true,
	})
	if err != nil {
		return nil, fmt.Errorf("alfmcp: what the server at %s publishes about itself cannot be read; set Resource to do without: %w", endpoint.Redacted(), err)
	}
	if found.Resource == nil {
		return []string{endpoint.String()}, nil
	}
	return []string{found.Resource.ID}, check(found.Resource, cfg)
}

// check refuses a configuration that cannot work with the server's document.
func check(r *discovery.Resource, cfg *alf.Config) error {
	switch {
	case cfg.Issuer != "" && len(r.Servers) > 0 && !slices.Contains(r.Servers, cfg.Issuer):
		return fmt.Errorf("alfmcp: the server %s takes tokens of %s, and Issuer is %q: compare it with what the server's owner says; "+
			"set Resource to use it all the same", r.ID, strings.Join(r.Servers, ", "), cfg.Issuer)
	case r.DPoP && cfg.DPoP == nil:
		return fmt.Errorf("alfmcp: the server %s takes only tokens that are bound by DPoP: set DPoP", r.ID)
	case r.Certificate && cfg.Certificate == nil:
		return fmt.Errorf("alfmcp: the server %s takes only tokens that are bound to a client certificate: set Certificate", r.ID)
	}
	return nil
}

// baseOf is a transport with the authorities and the proxy of the configuration, and without its certificate.
func baseOf(cfg *alf.Config) *http.Transport {
	for _, transport := range []http.RoundTripper{transportOf(cfg.HTTPClient), http.DefaultTransport} {
		if base, ok := transport.(*http.Transport); ok && base != nil {
			own := base.Clone()
			if own.TLSClientConfig != nil {
				own.TLSClientConfig.Certificates, own.TLSClientConfig.GetClientCertificate = nil, nil
			}
			return own
		}
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment}
}

func transportOf(c *http.Client) http.RoundTripper {
	if c == nil {
		return nil
	}
	return c.Transport
}
