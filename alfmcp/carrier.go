package alfmcp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/alf-go/alf"
)

// carrier sends the SDK's requests, above the transport that adds tokens.
type carrier struct {
	access *Access
	base   http.RoundTripper
}

// RoundTrip sends a request. A response that would end the session is an error.
func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.send(req)
	if err != nil {
		return nil, err
	}
	if opensStream(req) {
		// The SDK goes on without the stream if it is refused. For an error it would try again for 20 s, and fail.
	} else if refusal := refused(resp); refusal != nil {
		return nil, refusal
	}
	if isStream(resp) {
		resp.Body = &stream{ReadCloser: resp.Body, ctx: req.Context(), access: c.access, listens: c.listens(req)}
	}
	return resp, nil
}

// CloseIdleConnections reaches the base, as http.Client passes it on.
func (c *carrier) CloseIdleConnections() {
	if base, ok := c.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// send sends a request. One that resumes a stream of events waits for the end of an outage: the SDK would end the
// session after a few attempts. Calls have deadlines, and callers that want to know at once.
func (c *carrier) send(req *http.Request) (*http.Response, error) {
	for wait := minWait; ; wait = min(2*wait, maxWait) {
		resp, err := c.base.RoundTrip(req)
		var outage *alf.TokenError
		if err == nil || req.Method != http.MethodGet || opensStream(req) || !errors.As(err, &outage) || outage.Permanent {
			return resp, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-req.Context().Done():
			timer.Stop()
			return nil, context.Cause(req.Context())
		case <-c.access.closing.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// An attempt to resume costs no request of its own while a backoff of the token manager lasts, so that it may be
// repeated often.
const (
	minWait = 250 * time.Millisecond
	maxWait = 2 * time.Second
)

// opensStream reports whether a request opens the stream that a session may have beside its calls, and does not resume
// it.
func opensStream(req *http.Request) bool {
	return req.Method == http.MethodGet && req.Header.Get(lastEventID) == ""
}

const lastEventID = "Last-Event-ID"

func isStream(resp *http.Response) bool {
	return resp.StatusCode == http.StatusOK && strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/event-stream")
}

// listens reports whether a request's response is a stream that lasts: the GET of earlier versions, and the listen
// request of 2026-07-28, which the SDK names in a header.
func (c *carrier) listens(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Header.Get("Mcp-Method") == "subscriptions/listen"
}

// stream notices how a stream of events ends.
type stream struct {
	io.ReadCloser
	ctx     context.Context
	access  *Access
	listens bool
	ended   bool
}

// Read reports the end of the stream once, unless this side has ended it.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && s.listens && !s.ended {
		s.ended = true
		if f := s.access.ended.Load(); f != nil && s.ctx.Err() == nil && s.access.closing.Err() == nil {
			(*f)(err)
		}
	}
	return n, err
}
