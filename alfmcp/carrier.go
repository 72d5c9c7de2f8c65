package alfmcp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// carrier sends the SDK's requests, above the transport that adds tokens.
type carrier struct {
	access *Access
	base   http.RoundTripper
	places places
}

// RoundTrip sends a request. A response that would end the session is an error.
func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		return c.openStream(req)
	}
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if refusal := refused(resp); refusal != nil {
		return nil, refusal
	}
	// The listen request of 2026-07-28, which the SDK names in a header.
	if isStream(resp) && req.Header.Get("Mcp-Method") == "subscriptions/listen" {
		resp.Body = c.watched(req, resp.Body)
	}
	return resp, nil
}

// openStream sends the request for a stream of events: for the one that a session may have beside its calls, or for one
// that has ended before, which may be that of a call.
func (c *carrier) openStream(req *http.Request) (resp *http.Response, err error) {
	var from place
	if id := req.Header.Get(lastEventID); id != "" {
		from = c.places.read(id, time.Now())
		resp, err = c.reopen(req, from)
	} else {
		// The SDK goes on without the stream if it is refused. For an error it would try again for 20 s, and fail.
		resp, err = c.base.RoundTrip(req)
	}
	if err == nil && isStream(resp) {
		resp.Body = c.watched(req, &prefixed{strings.NewReader(c.places.event(from, time.Now())), resp.Body})
	}
	return resp, err
}

// CloseIdleConnections reaches the base, as http.Client passes it on.
func (c *carrier) CloseIdleConnections() {
	if base, ok := c.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

const lastEventID = "Last-Event-ID"

func isStream(resp *http.Response) bool {
	return resp.StatusCode == http.StatusOK && strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/event-stream")
}

// prefixed is a stream of events after a first one.
type prefixed struct {
	first *strings.Reader
	io.ReadCloser
}

func (p *prefixed) Read(b []byte) (int, error) {
	if p.first.Len() > 0 {
		return p.first.Read(b)
	}
	return p.ReadCloser.Read(b)
}

// watched notices how the stream in response to a request ends.
func (c *carrier) watched(req *http.Request, body io.ReadCloser) io.ReadCloser {
	return &stream{ReadCloser: body, ctx: req.Context(), access: c.access}
}

// stream notices how a stream of events ends.
type stream struct {
	io.ReadCloser
	ctx    context.Context
	access *Access
	ended  bool
}

// Read reports the end of the stream once, unless this side has ended it.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !s.ended {
		s.ended = true
		if f := s.access.ended.Load(); f != nil && s.ctx.Err() == nil && s.access.closing.Err() == nil {
			(*f)(err)
		}
	}
	return n, err
}
