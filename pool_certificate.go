package alf

import (
	"crypto/tls"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/bound"
	"github.com/alf-go/alf/internal/mtls"
)

// certificates remembers which certificate each token of a pool was fetched with, and may be bound to (RFC 8705 section
// 3). While a certificate is replaced, tokens of both are in use: of as many targets as there are. Its zero value is
// empty.
type certificates struct {
	mu      sync.RWMutex
	byToken map[bound.Token]boundTo
	latest  *tls.Certificate // of the last fetch; nil: there was none
	limit   int              // how many tokens there may be before those that have expired are looked for
	life    time.Duration    // how long a token without an expiry is remembered, beyond unknownLife
}

// boundTo is what a token is bound to, and until when that matters.
type boundTo struct {
	certificate *tls.Certificate
	until       time.Time
}

const (
	// unknownLife is how long a token without an expiry is remembered at least: longer than it is used (M7).
	unknownLife = 24 * time.Hour
	// minRemembered is how many tokens are remembered without a look at their expiry.
	minRemembered = 64
)

// bind remembers the certificate that a token was fetched with. A token that came before is bound to what it first came
// with, which then bounds its life, as in package fetcher.
func (c *certificates) bind(token *oauth2.Token, presented *tls.Certificate, now time.Time) {
	hash := bound.Hash(token.AccessToken)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = presented
	if first, known := c.byToken[hash]; known && now.Before(mtls.End(first.certificate)) {
		presented = first.certificate
		token.Expiry = mtls.Expiry(token.Expiry, presented, now)
	}
	if c.byToken == nil {
		c.byToken, c.limit = make(map[bound.Token]boundTo), minRemembered
	}
	if len(c.byToken) >= c.limit {
		for other, to := range c.byToken {
			if now.After(to.until) {
				delete(c.byToken, other)
			}
		}
		c.limit = 2*len(c.byToken) + minRemembered
	}
	until := token.Expiry
	if until.IsZero() {
		until = now.Add(max(c.life, unknownLife))
	}
	c.byToken[hash] = boundTo{presented, until}
}

// of returns the certificate that a token is bound to; for one that is not known, that of the last fetch.
func (c *certificates) of(token string) *tls.Certificate {
	hash := bound.Hash(token)
	c.mu.RLock()
	defer c.mu.RUnlock()
	if to, known := c.byToken[hash]; known {
		return to.certificate
	}
	return c.latest
}
