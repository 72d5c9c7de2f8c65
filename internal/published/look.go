// Package published asks an API what it publishes about itself, and the authorization servers that it names, without
// any credentials. What may be asked, and what follows, is decided in internal/discovery.
package published

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/wire"
)

// Options say what to look at, and how.
type Options struct {
	// API is the URL that the user gave.
	API *url.URL
	// Transport has the user's authorities and proxy. It must present no certificate and send no credentials; copies of
	// it are used.
	Transport *http.Transport
	// AllowHTTP lists hosts that may be asked over plain http.
	AllowHTTP []string
	// Timeout bounds each request, and TimeoutError is what one that takes longer ends with. 0: none; nil: a general
	// one.
	Timeout      time.Duration
	TimeoutError error
	// UserAgent is sent with every request.
	UserAgent string
	// Issuer is the authorization server that is configured already; "" if there is none. It is asked as well, whatever
	// the API says, and wherever it is.
	Issuer string
	// ResourceOnly leaves out the metadata of authorization servers.
	ResourceOnly bool
}

// Attempt is a location that was asked, or refused, and had nothing to use.
type Attempt struct {
	// URL is the location, and For what it belongs to: an issuer, or "" for the API.
	URL, For string
	// Why says what was wrong. It is safe to print.
	Why string
}

// Found is what came of it.
type Found struct {
	discovery.Report
	// Status is the API's response to a request without a token.
	Status string
	// Located says where the metadata of each issuer were found.
	Located map[string]string
	// Attempts are the locations that had nothing, in order.
	Attempts []Attempt
	// Findings are about the way to the documents.
	Findings []discovery.Finding
}

// look is one run.
type look struct {
	Options
	found    *Found
	requests int
	silent   []string // hosts that did not respond in time
}

// anything is what the API may respond with; servers of the Model Context Protocol insist on the first two.
const anything = "application/json, text/event-stream;q=0.9, */*;q=0.8"

// Look asks. It fails only if the API does not respond, or ctx ends.
func Look(ctx context.Context, options Options) (*Found, error) {
	l := &look{Options: options, found: &Found{Report: discovery.Report{API: options.API}, Located: map[string]string{}}}
	via := newTransports(options.Transport)
	defer via.close()
	if err := l.api(ctx, via); err != nil {
		return nil, err
	}
	if err := l.resource(ctx, via); err != nil {
		return nil, err
	}
	if !l.ResourceOnly {
		if err := l.servers(ctx, via); err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

// api asks the API itself for its challenge.
func (l *look) api(ctx context.Context, via *transports) error {
	given := *l.API
	given.Fragment, given.RawFragment = "", ""
	resp, err := l.get(ctx, via, &given, anything, maxPeeked)
	if err != nil {
		var misled redirectError
		if !errors.As(err, &misled) {
			return err
		}
		// It responds. The well-known locations may have something all the same.
		l.found.Status = "a redirect"
		l.find("the API cannot be asked: "+misled.Error(), "give the URL that it redirects to, if that is meant")
		l.found.MCP = discovery.MCP(l.API, nil, nil)
		return nil
	}
	l.found.Status = wire.Status(resp.status)
	if resp.moved != "" {
		l.find("the API redirects to "+Clean(resp.moved), "use that URL: a token for the API's resource may have to name it")
	}
	if resp.status == http.StatusUnauthorized || resp.status == http.StatusForbidden {
		l.found.Challenges = discovery.Challenges(resp.header)
	} else if resp.status < 300 {
		l.find("the API responds with "+l.found.Status+" to a request without a token: the URL is open, or asks for a token with other methods alone", "")
	}
	l.found.MCP = discovery.MCP(l.API, resp.header, resp.body)
	return nil
}

func (l *look) find(cause, remedy string) {
	l.found.Findings = append(l.found.Findings, discovery.Finding{Cause: cause, Remedy: remedy})
}

func (l *look) missed(address, issuer string, err error) {
	l.found.Attempts = append(l.found.Attempts, Attempt{Clean(address), issuer, cleanError(err)})
}

// resource asks the locations of the API's document, until one has it.
func (l *look) resource(ctx context.Context, via *transports) error {
	locations, _ := discovery.ResourceLocations(l.API, l.found.Challenges)
	for _, at := range locations {
		body, moved, err := l.document(ctx, via, at.URL)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var resource *discovery.Resource
		if err == nil {
			resource, err = discovery.ParseResource(body)
		}
		if err == nil && discovery.MatchResource(resource.ID, l.API) == discovery.Other {
			err = errors.New("it is about another API, " + Clean(resource.ID) + ": not used (RFC 9728 section 3.3)")
		}
		if err != nil {
			l.missed(at.URL, "", err)
			continue
		}
		if moved != "" {
			l.find("the API's document is where a redirect leads: other clients need not follow it (RFC 9728 section 3.2)", "")
		}
		l.found.Resource, l.found.At = resource, at
		return nil
	}
	return nil
}

// servers asks for the metadata of the authorization servers: the configured one, and those that the API names. Without
// a document the API's own origin may be one, as the first version of authorization for the Model Context Protocol had
// it.
func (l *look) servers(ctx context.Context, via *transports) error {
	var named []string
	switch {
	case l.found.Resource != nil:
		named = l.found.Resource.Servers
	case l.Issuer == "":
		named = []string{wire.Origin(l.API)}
	}
	if l.Issuer != "" {
		configured := newTransports(l.Transport)
		defer configured.close()
		if err := l.server(ctx, configured, l.Issuer); err != nil {
			return err
		}
	}
	for _, issuer := range named {
		if issuer == l.Issuer {
			continue
		}
		if err := l.server(ctx, via, issuer); err != nil {
			return err
		}
	}
	l.order(named)
	return nil
}

// server asks the locations of an issuer's metadata, until one has them.
func (l *look) server(ctx context.Context, via *transports, issuer string) error {
	for _, at := range discovery.ServerLocations(issuer) {
		body, moved, err := l.document(ctx, via, at)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var server *discovery.Server
		if err == nil {
			server, err = discovery.ParseServer(body, issuer)
		}
		if err != nil {
			l.missed(at, issuer, err)
			var refused *refusedAddress
			if errors.As(err, &refused) || errors.Is(err, errPlain) {
				return nil // so are its other locations
			}
			continue
		}
		if moved != "" {
			l.find("the metadata of "+issuer+" are where a redirect leads, and alf's client follows none for them", "have the server put them at "+at)
		}
		l.found.Servers = append(l.found.Servers, server)
		l.found.Located[issuer] = at
		return nil
	}
	return nil
}

// order puts the servers in the order of the API, and the configured one first.
func (l *look) order(named []string) {
	slices.SortStableFunc(l.found.Servers, func(a, b *discovery.Server) int {
		place := func(s *discovery.Server) int {
			if s.Issuer == l.Issuer {
				return -1
			}
			return slices.Index(named, s.Issuer)
		}
		return place(a) - place(b)
	})
}

// Empty reports whether the API has published nothing: no challenge that says anything, no document, and no server.
func (f *Found) Empty() bool {
	return f.Resource == nil && len(f.Servers) == 0 && !slices.ContainsFunc(f.Challenges, func(c discovery.Challenge) bool {
		return c.Is("Bearer") || c.Is("DPoP")
	})
}
