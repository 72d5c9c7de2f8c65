// Package bound is the binding cache: it remembers what tokens are bound to, the key or the certificate they were
// fetched with. While a key or a certificate is replaced, tokens of both are in use.
package bound

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// kept is how many tokens are remembered: the current one, its predecessors that requests still carry, and some to
// spare.
const kept = 8

// Token is a token's hash: enough to recognise it by, and no secret.
type Token [sha256.Size]byte

// Hash returns a token's hash.
func Hash(token string) Token { return sha256.Sum256([]byte(token)) }

// Cache remembers the last 8 tokens. Its zero value is empty. It is safe for concurrent use, and reading takes no lock.
type Cache[T any] struct {
	// entries has the latest token first. A write replaces the slice as a whole.
	entries atomic.Pointer[[]entry[T]]
	// mu is held while entries are replaced.
	mu sync.Mutex
}

type entry[T any] struct {
	token Token
	to    T
}

// Bind remembers what a token is bound to.
func (c *Cache[T]) Bind(token Token, to T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := []entry[T]{{token, to}}
	if old := c.entries.Load(); old != nil {
		for _, e := range *old {
			if e.token != token && len(entries) < kept {
				entries = append(entries, e)
			}
		}
	}
	c.entries.Store(&entries)
}

// Of returns what a token is bound to, and false if that is not remembered.
func (c *Cache[T]) Of(token Token) (to T, ok bool) {
	if entries := c.entries.Load(); entries != nil {
		for i := range *entries {
			if e := &(*entries)[i]; e.token == token {
				return e.to, true
			}
		}
	}
	return to, false
}

// Latest returns what the last token was bound to, and false if there was none.
func (c *Cache[T]) Latest() (to T, ok bool) {
	if entries := c.entries.Load(); entries != nil {
		return (*entries)[0].to, true
	}
	return to, false
}
