package fetcher

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// metadataLife is for how long a document is believed, if nothing goes wrong.
	metadataLife = time.Hour
	// metadataRest keeps an outage of the token endpoint from becoming one of
	// the issuer too.
	metadataRest = time.Minute
)

// discovery finds the token endpoint of an issuer, and remembers it.
type discovery struct {
	held atomic.Pointer[document]
}

// document is what was read last. Only doubted ever changes.
type document struct {
	*endpoint
	read    time.Time
	doubted atomic.Bool
}

// outdated reports whether the document should be read again.
func (d *document) outdated(now time.Time) bool {
	age := now.Sub(d.read)
	return age >= metadataLife || age < 0 || d.doubted.Load() && age >= metadataRest
}

// locate tells where a token request goes. While the issuer fails, what it
// said before holds.
func (c *conversation) locate(ctx context.Context, who *identity) (*endpoint, *Error) {
	if c.endpoint != nil {
		return c.endpoint, nil
	}
	now := c.cfg.Clock.Now().Round(0)
	held := c.discovery.held.Load()
	if held != nil && !held.outdated(now) {
		return held.endpoint, nil
	}
	found, failed := c.discover(ctx, who)
	switch {
	case failed == nil:
		held = &document{endpoint: newEndpoint(found.TokenEndpoint, found.Issuer), read: now}
	case held != nil && ctx.Err() == nil:
		// Not sooner again than after a rest.
		held = &document{endpoint: held.endpoint, read: now}
		held.doubted.Store(true)
	default:
		return nil, failed
	}
	c.discovery.held.Store(held)
	return held.endpoint, nil
}

// doubt has the document read again, after a failure that it may have caused.
func (c *conversation) doubt(failed *Error) {
	held := c.discovery.held.Load()
	if held == nil {
		return
	}
	switch failed.Status {
	case 0, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
	default:
		if !isRedirect(failed.Status) && failed.Code != invalidClient {
			return
		}
	}
	held.doubted.Store(true)
}

// discover asks the issuer for its metadata: by RFC 8414, and where that gives
// nothing, by OpenID Connect Discovery, which puts it elsewhere.
func (c *conversation) discover(ctx context.Context, who *identity) (*Metadata, *Error) {
	var told *Error
	nothing := true
	for _, address := range wellKnown(c.cfg.Issuer) {
		found, failed, result := c.readMetadata(ctx, who, newEndpoint(address, ""))
		switch {
		case result == usable:
			return found, nil
		case result == unreachable:
			return nil, failed
		case told == nil, nothing && result == wrong:
			// What is there and wrong tells more than that nothing is.
			told, nothing = failed, result == absent
		}
	}
	if nothing {
		told.Hint = "there is no metadata, nor where OpenID Connect puts it: is it the right Issuer? If it has none, set TokenURL"
	}
	return nil, told
}

// lookup is what came of looking for a document at one place.
type lookup int

const (
	usable lookup = iota
	unreachable
	absent
	wrong
)

// readMetadata looks for a document at one place.
func (c *conversation) readMetadata(ctx context.Context, who *identity, at *endpoint) (*Metadata, *Error, lookup) {
	report := c.report(at, who)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.address, nil)
	if err != nil {
		return nil, report.unsent(err), unreachable
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.client(who).Do(req)
	if err != nil {
		return nil, report.network(ctx, err), unreachable
	}
	defer resp.Body.Close()
	report.answered(resp)
	body, err := readAnswer(resp)
	if err != nil {
		return nil, report.unread(ctx, err), wrong
	}
	if resp.StatusCode != http.StatusOK {
		failed := report.refusal(oauthError{}, body)
		failed.Hint = ""
		if failed.permanent {
			return nil, failed, absent
		}
		return nil, failed, wrong
	}
	found, flaw := c.cfg.metadata(body)
	if flaw == nil {
		return found, nil, usable
	}
	flaw.kind = ErrMetadata
	if flaw.permanent {
		return nil, report.defect(flaw), wrong
	}
	// Some servers answer everything with a page.
	return nil, report.defect(flaw), absent
}

// wellKnown lists where an issuer's metadata may be.
func wellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := u.Scheme + "://" + u.Host
	return []string{
		base + "/.well-known/oauth-authorization-server" + path, // RFC 8414 section 3
		base + path + "/.well-known/openid-configuration",       // OpenID Connect Discovery section 4
	}
}
