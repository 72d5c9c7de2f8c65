package manager

import "context"

// FetchInfo is why a fetch is made. A [Fetcher] that wants to know finds it in its context: see [FetchInfoFrom].
type FetchInfo struct {
	// Cause says what the fetch is made for.
	Cause Cause
	// Attempt numbers the fetches of one round from 1.
	Attempt int
	// Rejected is the token that a resource server rejected, if one was and no other has been published since; else
	// nil. A fetcher that shares tokens must not return its value again.
	Rejected *Token
}

type fetchInfoKey struct{}

// FetchInfoFrom returns what the manager says about the fetch that ctx belongs to. ok is false for any other context.
func FetchInfoFrom(ctx context.Context) (info FetchInfo, ok bool) {
	info, ok = ctx.Value(fetchInfoKey{}).(FetchInfo)
	return info, ok
}

func withFetchInfo(ctx context.Context, info FetchInfo) context.Context {
	return context.WithValue(ctx, fetchInfoKey{}, info)
}
