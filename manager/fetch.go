package manager

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// start runs the fetcher on a goroutine of its own, under a context that is nobody's but the manager's (M11).
func (o *owner) start(flight uint64) {
	ctx, cancel := context.WithCancelCause(context.Background())
	o.cancel = cancel
	m, f := o.Manager, o.fetcher
	go func() {
		ended := fetched{flight: flight, err: errGoexit}
		// Deferred, so that a fetcher which panics or calls runtime.Goexit is heard of as well.
		defer func() {
			if r := recover(); r != nil {
				ended = fetched{flight: flight, err: panicked(r)}
			}
			cancel(nil)
			m.tell(ended)
		}()
		token, err := attempt(ctx, f)
		// Here and not by the owner: an error may have methods, and they may do anything.
		result := judge(token, err, m.clock.Now())
		ended.token, ended.err, ended.result = token, err, result
	}()
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
		return nil, errors.New("the fetcher returned neither a token nor an error")
	case !wire.ValidToken(t.AccessToken):
		return nil, errors.New("the fetcher returned an access token that is empty or has characters no header can carry")
	case !wire.ValidToken(t.Type()):
		return nil, errors.New("the fetcher returned a token type that has characters no header can carry")
	}
	return t, nil
}

var errGoexit = errors.New("the fetcher ended its goroutine with runtime.Goexit")

// panicked describes a panic without its value, which may hold anything, unless it is the runtime's own.
func panicked(r any) error {
	if err, ok := r.(runtime.Error); ok {
		return fmt.Errorf("the fetcher panicked: %w", err)
	}
	return fmt.Errorf("the fetcher panicked with a %T", r)
}
