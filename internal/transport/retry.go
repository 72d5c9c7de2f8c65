package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alf-go/alf/manager"
)

// maxBuffered401 is how much of the first response is buffered while the successor of its token is fetched. The body of
// a 401 is short if there is any; a longer one occupies its connection meanwhile.
const maxBuffered401 = 16 << 10

// Why a response that rejects the token is returned to the caller although the token may have a successor.
var (
	errNotRepeatable = errors.New("alf: the request cannot be sent again, because its body is not available any more")
	errSameToken     = errors.New("alf: the authorization server returned the rejected token again")
)

// retryUnauthorized handles a response that rejects tok: it has the token replaced, and sends the request again, once.
// It returns the first response, complete, wherever sending again is impossible or useless, and once the session is
// closed.
func (t *Transport) retryUnauthorized(c *call, tok *manager.Token) (*http.Response, error) {
	first, origin := c.response, t.rejectedBy(c.req)
	t.Counters.Unauthorized.Add(1)
	trace := traceOf(c.req.Context())
	trace.outcome(manager.Outcome{Token: tok, Origin: origin, Sent: c.observed})
	if t.closed.Load() {
		c.body.done(false)
		return first, nil
	}
	ctx, stop := waitContext(c.req)
	defer stop()
	// Its connection is free then, and over HTTP/1 the transport does not give up the request's body before.
	first.Body = bufferBody(first.Body, maxBuffered401)
	if !c.body.repeatable(ctx) {
		if ctx.Err() != nil {
			return nil, t.failed(ctx, c, contextError(ctx, ctx.Err()))
		}
		// Other requests profit from the successor.
		t.suppressed(trace, t.source.Invalidate(tok, origin))
		return t.notRetried(c, trace, errNotRepeatable)
	}
	next, err := t.source.Replace(ctx, tok, origin)
	switch {
	case errors.Is(err, manager.ErrSuppressed), errors.Is(err, manager.ErrClosed):
		t.suppressed(trace, err)
		return t.notRetried(c, trace, nil)
	case err == nil && next.Same(tok):
		return t.notRetried(c, trace, errSameToken)
	}
	if next, err = Validated(ctx, next, err); err != nil {
		return nil, t.failed(ctx, c, err)
	}
	body, err := c.body.open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, t.failed(ctx, c, contextError(ctx, err))
		}
		return t.notRetried(c, trace, err)
	}
	return t.retry(c, trace, next, body)
}

// notRetried returns the first response to the caller, because of reason; nil if that was said already.
func (t *Transport) notRetried(c *call, trace traces, reason error) (*http.Response, error) {
	c.body.done(false)
	if reason != nil {
		trace.notRetried(reason)
		if !errors.Is(reason, errSameToken) {
			t.Counters.Unreplayable.Add(1)
		}
	}
	return c.response, nil
}

func (t *Transport) suppressed(trace traces, err error) {
	if errors.Is(err, manager.ErrSuppressed) {
		trace.suppressed(err)
	}
}

// failed drops the first response because there is no successor. The error of the token contains it, unless the wait
// was given up.
func (t *Transport) failed(ctx context.Context, c *call, err error) error {
	c.body.done(true)
	c.response.Body.Close()
	if ctx.Err() != nil {
		return err
	}
	return newRejectedError(c.response, err)
}

// retry sends the request again, with the successor of the token. The response is returned as it is: if it rejects the
// successor, that stays until the next request's response rejects it.
func (t *Transport) retry(c *call, trace traces, next *manager.Token, body io.ReadCloser) (*http.Response, error) {
	first := c.response
	first.Body.Close()
	c.response = nil
	t.Counters.Retried.Add(1)
	trace.retry(next)
	value := next.Authorization()
	out, _ := t.authorize(c.req, value)
	out.Body = body
	sent := t.clock.Now()
	second, err := t.send(c, out, next, value)
	c.body.done(err != nil)
	if err != nil || second == nil {
		return second, err
	}
	c.response = second
	keepCookies(second, first)
	accepted := !t.rejects(second)
	if accepted {
		t.Counters.RetrySucceeded.Add(1)
	}
	outcome := manager.Outcome{Token: next, Origin: target(c.req), Retry: true, Accepted: accepted, Sent: sent}
	if t.outcomes != nil {
		t.outcomes.ReportOutcome(outcome)
	}
	trace.outcome(outcome)
	return second, nil
}

// keepCookies passes on the cookies that a dropped response sets. http.Client sees the second response alone, and puts
// its cookies into the jar in order, so that those of the second take precedence.
func keepCookies(resp, dropped *http.Response) {
	const setCookie = "Set-Cookie"
	if cookies := dropped.Header[setCookie]; len(cookies) > 0 {
		if resp.Header == nil {
			resp.Header = http.Header{}
		}
		resp.Header[setCookie] = slices.Concat(cookies, resp.Header[setCookie])
	}
}

// stall is how long a response that is to be dropped may take to arrive before its connection is given up.
const stall = 100 * time.Millisecond

// bufferedBody is the body of a response that may still be wanted, while its connection is better free. Its beginning
// is read on a goroutine of its own: a server that stalls in the middle of a 401 must delay neither the fetch nor the
// retry. The goroutine ends when the limit or the end is reached, at the latest when the body is closed. What it has
// read can be read meanwhile: a body that streams is passed on as it arrives.
type bufferedBody struct {
	body io.ReadCloser // as it came

	mu     sync.Mutex
	more   sync.Cond     // signals that data, full or err changed
	data   []byte        // what was read, and is not passed on yet
	full   bool          // the limit was reached: the rest is read by the caller
	err    error         // what the reading ended with; io.EOF at the end
	filled chan struct{} // closed when the goroutine has ended
}

func bufferBody(body io.ReadCloser, limit int) *bufferedBody {
	if body == nil { // from a careless base; http.Client repairs that only further up
		body = http.NoBody
	}
	b := &bufferedBody{body: body, filled: make(chan struct{})}
	b.more.L = &b.mu
	go b.fill(limit)
	return b
}

func (b *bufferedBody) fill(limit int) {
	defer close(b.filled)
	buffer := make([]byte, min(limit, 4<<10))
	for {
		n, err := b.body.Read(buffer[:min(limit, len(buffer))])
		limit -= n
		b.mu.Lock()
		b.data = append(b.data, buffer[:n]...)
		b.err, b.full = err, limit == 0
		b.more.Broadcast()
		b.mu.Unlock()
		if err == io.EOF {
			// So that its connection is free. Its reader does not wait for that: over HTTP/2, net/http closes it only
			// when the request's body is not read any more (golang/go#80085).
			b.body.Close()
		}
		if err != nil || limit == 0 {
			return
		}
	}
}

// Read reads the body from its first byte on.
func (b *bufferedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	for len(b.data) == 0 && b.err == nil && !b.full && len(p) > 0 {
		b.more.Wait()
	}
	if len(b.data) > 0 {
		n := copy(p, b.data)
		b.data = b.data[n:]
		b.mu.Unlock()
		return n, nil
	}
	err := b.err
	b.mu.Unlock()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	return b.body.Read(p)
}

// Close closes the body. It waits a moment for what is about to arrive, because a connection whose response was read to
// its end can be used again.
func (b *bufferedBody) Close() error {
	if !b.atEnd() {
		timer := time.NewTimer(stall)
		defer timer.Stop()
		select {
		case <-b.filled:
		case <-timer.C:
		}
	}
	if b.atEnd() {
		return nil // it is closed where the end was seen
	}
	return b.body.Close()
}

func (b *bufferedBody) atEnd() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err == io.EOF
}
