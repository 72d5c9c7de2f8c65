package fetcher

import (
	"net/http"
	"strconv"
	"time"

	"github.com/alf-go/alf/internal/wire"
)

// retryAfter returns for how long a server asks the client to wait; see [Error.RetryAfter]. Better Auth sends
// X-Retry-After alone. The headers of rate limits (draft-ietf-httpapi-ratelimit-headers) count for a 429 alone: servers
// send them with every response.
func retryAfter(resp *response) time.Duration {
	for _, name := range []string{"Retry-After", "X-Retry-After"} {
		if d, ok := wire.RetryAfter(resp.header.Get(name), resp.received); ok {
			return max(d, 1)
		}
	}
	if resp.status != http.StatusTooManyRequests {
		return 0
	}
	for _, name := range []string{"RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"} {
		if d, ok := rateLimitReset(resp.header.Get(name), resp.received); ok {
			return max(d, 1)
		}
	}
	return 0
}

// rateLimitReset reads the time until a rate limit is reset. The draft has seconds; GitHub, Okta and others have the
// Unix time, some in milliseconds.
func rateLimitReset(value string, now time.Time) (time.Duration, bool) {
	const smallestTime, smallestMillis = 1_000_000_000, 1_000_000_000_000
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return wire.RetryAfter(value, now)
	case n < smallestTime:
		return wire.RetryAfter(value, now)
	case n < smallestMillis:
		return max(0, time.Unix(n, 0).Sub(now)), true
	}
	return max(0, time.UnixMilli(n).Sub(now)), true
}
