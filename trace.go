package alf

import (
	"context"

	"github.com/alf-go/alf/internal/transport"
)

// Trace is a set of functions that are called while a request is sent, or while a call such as [Client.Token] waits, on
// the goroutine that does so: see [WithTrace]. It is to this client what httptrace.ClientTrace is to net/http. Any
// function may be nil. A request that gets its token at once, and whose response does not reject it, calls none of
// them.
type Trace struct {
	// WaitStart is called when there is no token to be used at once. With a Config.Manager that has no Current method,
	// it is called every time.
	WaitStart func()
	// WaitDone is called after WaitStart, with the token or with the reason why there is none.
	WaitDone func(*Token, error)
	// Retry is called before a request is sent again after a rejection, with the successor of the rejected token.
	Retry func(*Token)
	// Outcome is called when a response rejects the token of a request, and for every response to a retry.
	Outcome func(Outcome)
	// Suppressed is called if the caller gets the response that rejected the token, because the token stays: errors.As
	// finds a *manager.SuppressedError that says until when. It is not called by [Client.Replace], which returns that
	// error.
	Suppressed func(error)
	// NotRetried is called if the caller gets the response that rejected the token for any other reason: the request's
	// body is not available again, or the authorization server returned the same token.
	NotRetried func(error)
}

// WithTrace returns a context for requests and calls that are to be traced. If ctx has a trace already, its functions
// are called as well, after those of trace.
func WithTrace(ctx context.Context, trace *Trace) context.Context {
	return transport.WithTrace(ctx, (*transport.Trace)(trace))
}

// ContextTrace returns a trace whose functions call those of every trace that [WithTrace] has put into ctx; nil if
// there is none. It is for code that sends requests itself, such as package alfgrpc, and reports its retries and
// outcomes. [Client.TokenFor] calls WaitStart and WaitDone itself. No function of the returned trace is nil.
func ContextTrace(ctx context.Context) *Trace { return (*Trace)(transport.ContextTrace(ctx)) }
