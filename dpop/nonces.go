package dpop

import (
	"net/url"
	"sync"
)

const (
	maxOrigins = 64
	// maxNonce is more than any server needs, and little enough to send with every request.
	maxNonce = 4 << 10
)

// nonces are the last one of each origin. Reading shares the lock, which nobody holds while signing.
type nonces struct {
	mu       sync.RWMutex
	byOrigin map[string]string
}

func (n *nonces) of(target *url.URL) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.byOrigin == nil {
		return ""
	}
	return n.byOrigin[origin(target)]
}

func (n *nonces) remember(target *url.URL, nonce string) {
	if !validNonce(nonce) {
		return
	}
	key := origin(target)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byOrigin == nil {
		n.byOrigin = make(map[string]string)
	}
	if _, known := n.byOrigin[key]; !known && len(n.byOrigin) >= maxOrigins {
		// Any will do: a nonce that is missed is asked for again.
		for other := range n.byOrigin {
			delete(n.byOrigin, other)
			break
		}
	}
	n.byOrigin[key] = nonce
}

// validNonce is RFC 9449 section 8.1: 1*NQCHAR.
func validNonce(s string) bool {
	if s == "" || len(s) > maxNonce {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
