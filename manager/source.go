package manager

import (
	"context"

	"golang.org/x/oauth2"
)

// Source is what an HTTP client needs of a token manager. [Manager] is one; any other implementation will do.
// All methods must be safe for concurrent use.
//
// A Source may have further methods, which a client uses where it finds them: Current, TokenFor, TokenValidFor, Watch,
// ObservesOutcomes and ReportOutcome, with the signatures and the meaning that [Manager] gives them. Where a method
// takes an origin, such as "https://api.example.com:443", the path of the request may follow.
type Source interface {
	// Token returns a usable token, waiting for one if necessary, until ctx ends.
	Token(ctx context.Context) (*Token, error)
	// Replace reports that the resource server at origin rejected a token, and waits for its successor. If another
	// token is current already, it returns that at once. If rejected stays in use, it returns an error that is
	// [ErrSuppressed]. Otherwise it returns what Token returns. If the successor is the Same as rejected, the endpoint
	// returned the rejected value again.
	Replace(ctx context.Context, rejected *Token, origin string) (*Token, error)
	// Invalidate is Replace without the wait.
	Invalidate(rejected *Token, origin string) error
	// Close ends whatever runs in the background.
	Close() error
}

// Fetcher obtains tokens. One call is one attempt. The manager decides when to make the next one, and makes none while
// a fetch is in flight. A fetch that has not returned 5 s after its cancellation is abandoned: it is not in flight any
// more, though the call may still run beside later ones. ctx is the manager's own, not a caller's: it is cancelled when
// the attempt takes too long or the manager is closed. [FetchInfoFrom] returns the cause of the fetch from it.
//
// Only the returned token's Expiry gives its lifetime; zero means that the endpoint gave none (see
// [Policy].DefaultLifetime). A number of seconds under Extra("refresh_in") is the endpoint's advice on when to refresh.
//
// An error may have methods Permanent() bool and RetryAfter() time.Duration; a *oauth2.RetrieveError is classified by
// its status and code; any other error is transient. An error may also have a method CredentialsChanged() bool, which
// reports whether the client credentials have changed since the endpoint refused them. During the backoff after such an
// error, the manager calls it every 2 s on a goroutine of its own, and ends the backoff if it returns true. It must be
// cheap, as reading a file is.
//
// Where managers share an [Endpoint], a method Trouble() bool says whether the endpoint did not work: no connection, no
// response in time, or a 5xx. Without it, that is concluded from the status of an *oauth2.RetrieveError, from a method
// Timeout() bool, and from Permanent: an error without a status that is not permanent counts as a connection failure.
type Fetcher interface {
	Fetch(ctx context.Context) (*oauth2.Token, error)
}

// FetcherFunc makes a [Fetcher] of a function.
type FetcherFunc func(ctx context.Context) (*oauth2.Token, error)

// Fetch calls f.
func (f FetcherFunc) Fetch(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

// FromTokenSource makes a [Fetcher] of a token source from elsewhere. It must ask its endpoint at every call: one that
// caches, as oauth2.ReuseTokenSource does, would hand a rejected token out again, for as long as that has not expired.
// Most sources do cache, that of clientcredentials.Config among them: FetcherFunc(cfg.Token) asks every time. Without a
// context in Token, a call that takes too long cannot be cancelled, only abandoned.
func FromTokenSource(source oauth2.TokenSource) Fetcher {
	if source == nil {
		return FetcherFunc(nil) // which New refuses
	}
	return FetcherFunc(func(context.Context) (*oauth2.Token, error) { return source.Token() })
}
