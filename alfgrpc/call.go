package alfgrpc

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
)

// call is one of the two times at most that an interceptor makes a caller's call: the context it is made with, in which
// the credentials note what each attempt carried. It is one allocation.
type call struct {
	context.Context        // the caller's, without its authorization
	method          string // "/service/method"
	retry           bool   // it is made for the second time

	peer    peer.Peer          // of the latest attempt; without an address, that was never sent
	options [4]grpc.CallOption // room for the options
	held    []func()           // callers' functions that are not called if the call is made again
	end     context.CancelFunc // of its context; nil if it is made for the first time

	mu       sync.Mutex
	latest   attempt
	wanted   atomic.Bool // its outcome is to be reported
	reported atomic.Bool // and was
}

// attempt is what the credentials gave to one attempt of a call, since gRPC's retry policy makes several. It is zero if
// they gave an error.
type attempt struct {
	client *alf.Client
	token  *alf.Token
	origin string
	// sent is when the attempt was made, if its outcome is wanted.
	sent time.Time
	// ctx is the attempt's. Its deadline may be that of the service configuration.
	ctx context.Context
}

// target names the method of a server to the token manager.
func (a *attempt) target(method string) string { return a.origin + method }

type callKey struct{}

// Value lets the credentials find the call.
func (c *call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// String says what kind of context it is, as those of package context do.
func (c *call) String() string { return "alfgrpc.call" }

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func newCall(ctx context.Context, method string) *call {
	return &call{Context: withoutOwnAuthorization(ctx), method: method}
}

// again is the call for the second time.
func (c *call) again() *call {
	ctx, end := c.withDeadline()
	return &call{Context: ctx, method: c.method, retry: true, end: end}
}

// withDeadline returns the caller's context, within the deadline of the latest attempt: where the service configuration
// has set that, gRPC would start it once more for the second time.
func (c *call) withDeadline() (context.Context, context.CancelFunc) {
	if ctx := c.noted().ctx; ctx != nil {
		if limit, ok := ctx.Deadline(); ok {
			return context.WithDeadline(c.Context, limit)
		}
	}
	return context.WithCancel(c.Context)
}

func (c *call) note(a attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = a
	if !a.sent.IsZero() {
		c.wanted.Store(true)
	}
}

func (c *call) noted() attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest
}

// callOptions returns the caller's options with what the call needs: the peer, which shows whether a call that failed
// was sent at all, no other authorization, and no report of the end of a call that is made again.
func (c *call) callOptions(given []grpc.CallOption) []grpc.CallOption {
	all := append(c.options[:0], given...)
	for i, o := range all {
		switch o := o.(type) {
		case grpc.PerRPCCredsCallOption:
			if o.Creds != nil {
				all[i] = grpc.PerRPCCredentials(withoutAuthorization{o.Creds})
			}
		case grpc.OnFinishCallOption:
			all[i] = grpc.OnFinish(func(err error) { c.finished(o.OnFinish, err) })
		}
	}
	return append(all, grpc.Peer(&c.peer))
}

// finished calls a caller's function, or keeps it until it is known whether the call is made again.
func (c *call) finished(report func(error), err error) {
	if c.retry || status.Code(err) != codes.Unauthenticated {
		report(err)
		return
	}
	c.held = append(c.held, func() { report(err) })
}

// done says that the call is not made again.
func (c *call) done() {
	for _, report := range c.held {
		report()
	}
	c.held = nil
	if c.end != nil {
		c.end()
	}
}

// withoutOwnAuthorization removes what the caller has put into the metadata: grpc-go would send it beside the token.
func withoutOwnAuthorization(ctx context.Context) context.Context {
	if metadata.ValueFromOutgoingContext(ctx, authorizationKey) == nil {
		return ctx
	}
	own, _ := metadata.FromOutgoingContext(ctx)
	delete(own, authorizationKey)
	return metadata.NewOutgoingContext(ctx, own)
}

func isAuthorization(name string) bool { return strings.EqualFold(name, authorizationKey) }
