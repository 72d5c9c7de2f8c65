// Package bound remembers what tokens are bound to: the key or the certificate they were fetched with. While a key or a
// certificate is replaced, tokens of both are in use.
package bound

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// kept is how many tokens are remembered: the current one, its predecessors that requests still carry, and some to spare.
const kept = 8

// Token is a token's hash: enough to recognise it by, and no secret.
type Token [sha256.Size]byte

// Hash returns a token's hash.
func Hash(token string) Token { return sha256.Sum256([]byte(token)) }

// Memory remembers the last few tokens. Its zero value remembers none. It is safe for concurrent use, and reading takes no
// lock.
type Memory[T any] struct {
	entries atomic.Pointer[[]entry[T]] // the latest first; replaced as a whole
	mu      sync.Mutex                 // held by who replaces them
}

type entry[T any] struct {
	token Token
	to    T
}

// Bind remembers what a token is bound to.
func (m *Memory[T]) Bind(token Token, to T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entries := []entry[T]{{token, to}}
	if old := m.entries.Load(); old != nil {
		for _, e := range *old {
			if e.token != token && len(entries) < kept {
				entries = append(entries, e)
			}
		}
	}
	m.entries.Store(&entries)
}

// Of returns what a token is bound to, and false if that is not remembered.
func (m *Memory[T]) Of(token Token) (to T, ok bool) {
	if entries := m.entries.Load(); entries != nil {
		for i := range *entries {
			if e := &(*entries)[i]; e.token == token {
				return e.to, true
			}
		}
	}
	return to, false
}

// Latest returns what the last token was bound to, and false if there was none.
func (m *Memory[T]) Latest() (to T, ok bool) {
	if entries := m.entries.Load(); entries != nil {
		return (*entries)[0].to, true
	}
	return to, false
}
