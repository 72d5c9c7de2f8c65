package proxy

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// limited gives the upstream a time until its response begins, each time that a request is sent. The wait for a token
// is before that.
type limited struct {
	base http.RoundTripper
	time time.Duration
}

var errResponseTime = fmt.Errorf("the upstream has not responded within the route's response_time: %w", context.DeadlineExceeded)

// limit gives a base the limit of a route; without one, it is returned as it is.
func (r *Route) limit(base http.RoundTripper) http.RoundTripper {
	if r.ResponseTime <= 0 {
		return base
	}
	return &limited{base, r.ResponseTime}
}

// RoundTrip sends req.
func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(l.time, func() { cancel(errResponseTime) })
	resp, err := l.base.RoundTrip(req.WithContext(ctx))
	if timer.Stop() && err == nil {
		return resp, nil // the body is read under ctx, which ends with the caller's request
	}
	cancel(nil)
	if context.Cause(ctx) != errResponseTime {
		return resp, err
	}
	if err == nil {
		_ = resp.Body.Close() // which was too late by a moment
	}
	return nil, errResponseTime
}
