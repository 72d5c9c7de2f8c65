package manager

import (
	"context"

	"golang.org/x/oauth2"
)

// Source is what an HTTP client needs of a token manager. [Manager] is one; any other implementation will do.
// All methods must be safe for concurrent use.
type Source interface {
	// Token returns a usable token, waiting for one if need be, for as long as ctx lasts.
	Token(ctx context.Context) (*Token, error)
	// Replace reports that rejecter (an API's origin) refused a token with a 401, and waits for its successor. It returns
	// the current token at once if that is another one already, an error that is [ErrSuppressed] if the token stays, and
	// else what Token returns. A successor that is the Same as rejected is of no use to the caller.
	Replace(ctx context.Context, rejected *Token, rejecter string) (*Token, error)
	// Invalidate is Replace without the wait.
	Invalidate(rejected *Token, rejecter string) error
	// Close ends whatever runs in the background.
	Close() error
}

// Fetcher obtains tokens. One call is one attempt; the manager decides when the next one is made, and never has two
// running. ctx is the manager's own: it is cancelled when the attempt takes too long or the manager is closed.
//
// The returned token's Expiry alone tells its lifetime; zero means that the endpoint gave none (see
// [Policy].DefaultLifetime). A number of seconds under Extra("refresh_in") is the endpoint's advice on when to refresh.
//
// An error may have methods Permanent() bool and RetryAfter() time.Duration; a *oauth2.RetrieveError is judged by its
// status and code; any other error is transient.
type Fetcher interface {
	Fetch(ctx context.Context) (*oauth2.Token, error)
}

// FetcherFunc makes a [Fetcher] of a function.
type FetcherFunc func(ctx context.Context) (*oauth2.Token, error)

// Fetch calls f.
func (f FetcherFunc) Fetch(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

// FromTokenSource makes a [Fetcher] of a token source from elsewhere. It must ask its endpoint at every call: one that
// caches, as oauth2.ReuseTokenSource does, would hand a rejected token out again, for as long as that has not expired. Most
// of the sources one meets do cache, that of clientcredentials.Config among them: FetcherFunc(cfg.Token) asks every time.
// Without a context in Token, a call that takes too long cannot be cancelled, only abandoned.
func FromTokenSource(source oauth2.TokenSource) Fetcher {
	if source == nil {
		return FetcherFunc(nil) // which New refuses
	}
	return FetcherFunc(func(context.Context) (*oauth2.Token, error) { return source.Token() })
}
