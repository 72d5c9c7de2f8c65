package proxy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/draining"
)

// The proxy is ready once every token of its routes has been tried, and one of them at least was obtained: with one
// client, once it has a token. Tokens of routes whose callers may bring their own are not waited for. It is not ready
// when no token is available at all, because then no request could be served; but one tenant whose credentials are
// wrong does not keep all others from being served. From then on it is ready until it drains: in an outage of the
// authorization server, tokens in hand still work, and a process that is restarted for being unready would lose them.

const (
	// maxFirstRequests is how many tokens are tried at a time.
	maxFirstRequests = 16
	// minRetry and maxRetry bound the wait before they are tried again, if none was obtained.
	minRetry, maxRetry = 100 * time.Millisecond, 10 * time.Second
)

// obtainTokens tries the tokens of the routes until the proxy is usable. It also saves the first requests the wait.
func (p *Proxy) obtainTokens(ctx context.Context) {
	for {
		next, ok := p.tryTokens(ctx)
		if ctx.Err() != nil {
			return
		}
		if ok {
			p.life.step(draining.Input{Kind: draining.Usable})
			return
		}
		wait := time.NewTimer(min(max(time.Until(next), minRetry), maxRetry))
		select {
		case <-wait.C:
		case <-p.retry: // a reload may have corrected what is wrong
		case <-ctx.Done():
		}
		wait.Stop()
	}
}

// tryTokens tries each once, and reports whether one was obtained, or when the next attempt is allowed.
func (p *Proxy) tryTokens(ctx context.Context) (next time.Time, ok bool) {
	s, giveBack := p.borrow()
	defer giveBack()
	ok = !slices.ContainsFunc(s.tokens, func(t token) bool { return t.needed })
	var mu sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, maxFirstRequests)
	for i := range s.tokens {
		if !s.tokens[i].needed {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			_, err := s.tokens[i].handle.Token(ctx)
			mu.Lock()
			defer mu.Unlock()
			var failed *alf.TokenError
			switch {
			case err == nil:
				ok = true
			case errors.As(err, &failed) && (next.IsZero() || failed.NextAttempt.Before(next)):
				next = failed.NextAttempt
			}
		})
	}
	all.Wait()
	return next, ok
}
