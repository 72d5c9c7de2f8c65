package manager

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/wire"
)

// start runs the fetcher on a goroutine of its own, under a context that belongs to the manager alone (M11).
func (e *entry) start(effects *core.Effects) {
	ctx, cancel := context.WithCancelCause(withFetchInfo(context.Background(), e.fetchInfo(effects)))
	e.cancel = cancel
	f, flight, c := e.fetcher, effects.Flight, e.shard.clock
	pooled, first := e.pooled, e.core.Publications() == 0
	go func() {
		ended := fetched{flight: flight, err: errGoexit}
		// Deferred, so that a fetcher which panics or calls runtime.Goexit is reported as well.
		defer func() {
			if r := recover(); r != nil {
				ended = fetched{flight: flight, err: panicked("the fetcher", r)}
			}
			cancel(nil)
			e.send(ended)
		}()
		token, err := attempt(ctx, f)
		if err == nil && pooled != nil {
			if first && pooled.wasRejected(token.AccessToken) {
				token, err = nil, errRejectedBefore
			} else {
				ended.compact = newCompact(token) // here, because it would delay the owner
			}
		}
		// Here and not by the owner: an error may have methods, and they may do anything.
		result := classify(token, err, c.Now())
		ended.token, ended.err, ended.result = token, err, result
		ended.evidence = classifyEndpoint(err)
	}()
}

// fetchInfo is what the fetch that starts may learn.
func (e *entry) fetchInfo(effects *core.Effects) FetchInfo {
	info := FetchInfo{Rejected: e.rejected}
	for _, ev := range effects.Events[:effects.N] {
		if ev.Kind == core.FetchStarted {
			info.Cause, info.Attempt = Cause(ev.Cause.String()), ev.Attempt
		}
	}
	return info
}

func attempt(ctx context.Context, f Fetcher) (*oauth2.Token, error) {
	t, err := f.Fetch(ctx)
	if err != nil {
		// The manager knows better than "context canceled" why it cancelled.
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
			err = cause
		}
		return nil, err
	}
	switch {
	case t == nil:
		return nil, misbehavior("the fetcher returned neither a token nor an error")
	case !wire.ValidToken(t.AccessToken):
		return nil, misbehavior("the fetcher returned an access token that is empty or has characters no header can carry")
	case !wire.ValidToken(t.Type()):
		return nil, misbehavior("the fetcher returned a token type that has characters no header can carry")
	}
	return t, nil
}

// misbehavior is what a fetcher did that is no outcome of a fetch. It proves nothing about the endpoint.
type misbehavior string

func (m misbehavior) Error() string { return string(m) }

var errGoexit = errors.New("the fetcher ended its goroutine with runtime.Goexit")

// panicked describes a panic without its value, which may hold anything, unless it is the runtime's own.
func panicked(what string, r any) error {
	if err, ok := r.(runtime.Error); ok {
		return fmt.Errorf("%s panicked: %w", what, err)
	}
	return fmt.Errorf("%s panicked with a %T", what, r)
}
