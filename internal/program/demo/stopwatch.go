package demo

import (
	"context"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// stopwatch is a token manager that records for each request how long it waited for its token. The client takes it in
// place of the manager it wraps.
type stopwatch struct{ *manager.Manager }

var _ alf.Source = stopwatch{}

type waitKey struct{}

// withWait returns a context for one request, and where its wait will be found once the request has ended.
func withWait(ctx context.Context) (context.Context, *time.Duration) {
	wait := new(time.Duration)
	return context.WithValue(ctx, waitKey{}, wait), wait
}

func (s stopwatch) Token(ctx context.Context) (*alf.Token, error) {
	start := time.Now()
	token, err := s.Manager.Token(ctx)
	note(ctx, time.Since(start))
	return token, err
}

func (s stopwatch) Replace(ctx context.Context, rejected *alf.Token, origin string) (*alf.Token, error) {
	start := time.Now()
	token, err := s.Manager.Replace(ctx, rejected, origin)
	note(ctx, time.Since(start))
	return token, err
}

// note needs no lock: a request asks for its token on its caller's goroutine.
func note(ctx context.Context, d time.Duration) {
	if wait, ok := ctx.Value(waitKey{}).(*time.Duration); ok {
		*wait += d
	}
}
