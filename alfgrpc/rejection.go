package alfgrpc

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
)

// refused reports whether err is the server's refusal of the token that the call carried. It does not matter whether
// headers came before it. An Unauthenticated that arose on this side, such as that of other credentials, is none.
func (c *call) refused(err error) bool {
	if status.Code(err) != codes.Unauthenticated || c.peer.Addr == nil {
		return false
	}
	a := c.noted()
	return a.token != nil
}

// replace has the refused token replaced, and returns nil if the call is to be made again. Otherwise it returns the
// call's error: the server's if no token request may follow, or that of the token.
func (c *call) replace(refused error) error {
	a, trace := c.reject()
	ctx, end := c.withDeadline()
	defer end()
	next, err := a.client.Replace(ctx, a.token, a.target(c.method))
	switch {
	case errors.Is(err, alf.ErrSuppressed):
		if trace != nil {
			trace.Suppressed(err)
		}
		return &refusedError{refused, err}
	case errors.Is(err, alf.ErrClosed):
		return &refusedError{refused, err}
	case err != nil:
		return &tokenError{code: codeOf(ctx, err), err: err, refused: refused}
	case next.Same(a.token):
		if trace != nil {
			trace.NotRetried(errSameToken)
		}
		return &refusedError{refused, errSameToken}
	}
	if trace != nil {
		trace.Retry(next)
	}
	return nil
}

// invalidate has the refused token replaced for the calls that follow, because this one cannot be made again. It
// returns the server's error.
func (c *call) invalidate(refused error) error {
	a, trace := c.reject()
	err := a.client.Invalidate(a.token, a.target(c.method))
	if errors.Is(err, alf.ErrSuppressed) {
		if trace != nil {
			trace.Suppressed(err)
		}
		return &refusedError{refused, err}
	}
	if trace != nil {
		trace.NotRetried(errStreamed)
	}
	return &refusedError{refused, errStreamed}
}

// reject reports the refusal of the latest attempt's token, except to the token manager, which learns it otherwise.
func (c *call) reject() (attempt, *alf.Trace) {
	a, trace := c.noted(), alf.ContextTrace(c.Context)
	outcome := alf.Outcome{Token: a.token, Origin: a.target(c.method), Sent: a.sent}
	a.client.ReportOutcome(outcome)
	if trace != nil {
		trace.Outcome(outcome)
	}
	return a, trace
}

// report reports the outcome of the latest attempt, once and if it is wanted: err is how the call ended, nil or io.EOF
// if that was well, nil also for the first message of a stream. It is not called for a first refusal.
func (c *call) report(err error) {
	if !c.wanted.Load() || c.reported.Swap(true) {
		return
	}
	a := c.noted()
	if a.sent.IsZero() {
		return
	}
	accepted := !c.refused(err)
	if accepted && !c.accepted(err) {
		return
	}
	outcome := alf.Outcome{Token: a.token, Origin: a.target(c.method), Retry: c.retry, Accepted: accepted, Sent: a.sent}
	a.client.ReportOutcome(outcome)
	if c.retry {
		if trace := alf.ContextTrace(c.Context); trace != nil {
			trace.Outcome(outcome)
		}
	}
}

// accepted reports whether err shows that the server accepted the token. Codes that gRPC itself uses, on either side,
// show nothing. Nor do those of a server that has failed, except after a retry, as in the HTTP client.
func (c *call) accepted(err error) bool {
	if isSuccess(err) {
		return true
	}
	switch status.Code(err) {
	case codes.Canceled, codes.DeadlineExceeded, codes.Unavailable, codes.Unimplemented, codes.ResourceExhausted, codes.Unauthenticated:
		return false
	case codes.Unknown, codes.Internal, codes.DataLoss:
		return c.retry && c.peer.Addr != nil
	}
	return c.peer.Addr != nil
}
