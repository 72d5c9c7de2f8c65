package alfmcp

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/wire"
)

// Waits between attempts to open a stream again double from the first to the last. While a token is missing, an attempt
// costs no request of its own, because the token manager has a backoff.
const (
	minWait      = 250 * time.Millisecond
	maxTokenWait = 2 * time.Second
	maxWait      = 30 * time.Second
	// maxRetryAfter bounds what a server can ask for.
	maxRetryAfter = 10 * time.Minute
)

// reopen opens a stream again, and waits until that succeeds or the session is over: the SDK would end the session at
// the first response that is not the stream, and after some attempts without a response. Calls go on meanwhile, and
// each has an error of its own.
func (c *carrier) reopen(req *http.Request, p place) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Del(lastEventID)
	if p.lastEvent != "" {
		req.Header.Set(lastEventID, p.lastEvent)
	}
	if p.brief > 1 { // a server that ends each stream at once is not asked at once
		if err := c.pause(req.Context(), doubled(p.brief, maxWait)); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		resp, err := c.base.RoundTrip(req)
		wait := doubled(attempt, maxWait)
		switch {
		case err != nil:
			if req.Context().Err() != nil || errors.Is(err, alf.ErrClosed) || errors.Is(err, alf.ErrRefused) {
				return nil, err
			}
			if outage := (*alf.TokenError)(nil); errors.As(err, &outage) {
				wait = doubled(attempt, maxTokenWait)
			}
		case !passes(resp):
			return resp, nil
		default:
			if asked, ok := wire.RetryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
				wait = max(wait, min(asked, maxRetryAfter))
			}
			_, _ = io.CopyN(io.Discard, resp.Body, maxRefusal) // so that the connection can be used again
			_ = resp.Body.Close()
		}
		if err := c.pause(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// passes reports whether another attempt to open a stream may succeed after a response: the server believes the last
// stream to be open (409), refuses the token for now, is overloaded, or is being replaced, for which a gateway may have
// a page.
func passes(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly,
		http.StatusTooManyRequests:
		return true
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return !isStream(resp)
	}
	return resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented
}

// doubled is minWait doubled n times, at most limit; drawn from its upper half, so that the clients of a server that is
// back do not all come at once.
func doubled(n int, limit time.Duration) time.Duration {
	wait := min(minWait<<min(n, 20), limit)
	return wait/2 + rand.N(wait/2)
}

// pause waits. It ends early with an error if ctx or the Access does.
func (c *carrier) pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.access.closing.Done():
		return alf.ErrClosed
	}
}
