package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alf-go/alf/manager"
)

// What a source may offer beyond manager.Source; manager.Manager does.
type (
	// currentSource returns the token that may be sent to any origin; nil if there is none, or none without a wait. It
	// neither waits nor allocates.
	currentSource interface{ Current() *manager.Token }
	// originSource withholds from an origin the token that it rejected.
	originSource interface {
		TokenFor(ctx context.Context, origin string) (*manager.Token, error)
	}
	// outcomeSource decides by the outcomes of requests which rejections it believes.
	outcomeSource interface {
		ObservesOutcomes() bool
		ReportOutcome(manager.Outcome)
	}
)

// Token returns a usable token with its header value, for a request to origin, which may be "".
func (s *Session) Token(ctx context.Context, origin string) (*manager.Token, string, error) {
	if s.closed.Load() {
		return nil, "", manager.ErrClosed
	}
	if s.current != nil {
		if tok := s.current.Current(); tok != nil {
			value, err := headerValue(tok)
			return tok, value, err
		}
	}
	return s.waitForToken(ctx, origin)
}

// tokenFor is Token for req. Its origin is put into words only if a wait may be necessary.
func (s *Session) tokenFor(req *http.Request) (*manager.Token, string, error) {
	if s.closed.Load() {
		return nil, "", manager.ErrClosed
	}
	if s.current != nil {
		if tok := s.current.Current(); tok != nil {
			value, err := headerValue(tok)
			return tok, value, err
		}
	}
	origin := ""
	if s.origin != nil {
		origin = target(req)
	}
	ctx, stop := waitContext(req)
	defer stop()
	return s.waitForToken(ctx, origin)
}

func (s *Session) waitForToken(ctx context.Context, origin string) (*manager.Token, string, error) {
	trace := traceOf(ctx)
	trace.waitStart()
	var (
		tok *manager.Token
		err error
	)
	if s.origin != nil && origin != "" {
		tok, err = s.origin.TokenFor(ctx, origin)
	} else {
		tok, err = s.source.Token(ctx)
	}
	tok, err = Validated(ctx, tok, err)
	trace.waitDone(tok, err)
	return tok, tok.Authorization(), err
}

// Validated returns what a source returned if it is a token, and an error otherwise: third-party sources may return
// neither. An error that ended with ctx is both ctx.Err() and its cause.
func Validated(ctx context.Context, tok *manager.Token, err error) (*manager.Token, error) {
	if err == nil {
		_, err = headerValue(tok)
	}
	if err != nil {
		return nil, contextError(ctx, err)
	}
	return tok, nil
}

// headerValue returns tok's Authorization; an empty token must not be sent.
func headerValue(tok *manager.Token) (string, error) {
	value := tok.Authorization()
	if value == "" || value[len(value)-1] == ' ' { // no token, or nothing after the scheme
		return "", errNoToken
	}
	return value, nil
}

// errCanceled is the cause of a wait that Request.Cancel ended.
var errCanceled = errors.New("net/http: request canceled")

// waitContext is the context of a wait on behalf of req, which the deprecated Request.Cancel ends as well.
func waitContext(req *http.Request) (context.Context, func()) {
	//lint:ignore SA1019 requests that set it have to be ended by it
	canceled := req.Cancel
	if canceled == nil {
		return req.Context(), func() {}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	go func() {
		select {
		case <-canceled:
			cancel(errCanceled)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// observeAccepted reports that the first send of a request was accepted, if the source wanted to know when it was sent.
// An error of the server says nothing about the token.
func (s *Session) observeAccepted(c *call, tok *manager.Token) {
	if !c.observed.IsZero() && c.response.StatusCode < http.StatusInternalServerError {
		s.outcomes.ReportOutcome(manager.Outcome{Token: tok, Origin: target(c.req), Accepted: true, Sent: c.observed})
	}
}

// ObservesOutcomes reports whether the source wants to know the outcomes of all requests.
func (s *Session) ObservesOutcomes() bool { return s.outcomes != nil && s.outcomes.ObservesOutcomes() }

// ReportOutcome counts the outcome of a request that was sent elsewhere, and passes it on to the source, except for the
// rejection of a first request, which the source learns by Replace or Invalidate.
func (s *Session) ReportOutcome(o manager.Outcome) {
	if o.Retry {
		s.Counters.Retried.Add(1)
		if o.Accepted {
			s.Counters.RetrySucceeded.Add(1)
		}
	} else if !o.Accepted {
		s.Counters.Unauthorized.Add(1)
		return
	}
	if s.outcomes != nil && !s.closed.Load() {
		s.outcomes.ReportOutcome(o)
	}
}

// Now is the time by the clock of the source.
func (s *Session) Now() time.Time { return s.clock.Now() }
