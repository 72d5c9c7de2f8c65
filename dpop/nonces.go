package dpop

import (
	"maps"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/alf-go/alf/internal/wire"
)

const (
	maxOrigins = 64
	// maxNonce is more than any server needs, and little enough to send with every request.
	maxNonce = 4 << 10
)

// nonces are the last one of each origin. Neither reading one nor replacing it takes a lock.
type nonces struct {
	// byOrigin is replaced as a whole when another origin is added.
	byOrigin atomic.Pointer[map[string]*nonce]
	// mu is held while byOrigin is replaced.
	mu sync.Mutex
}

// nonce is an origin's latest.
type nonce = atomic.Pointer[string]

func (n *nonces) at(target *url.URL) *nonce {
	byOrigin := n.byOrigin.Load()
	if byOrigin == nil {
		return nil // most servers want none
	}
	return (*byOrigin)[wire.Origin(target)]
}

func (n *nonces) of(target *url.URL) string {
	if latest := n.at(target); latest != nil {
		return *latest.Load()
	}
	return ""
}

// remember reports whether value can be a nonce.
func (n *nonces) remember(target *url.URL, value string) bool {
	if !validNonce(value) {
		return false
	}
	if latest := n.at(target); latest == nil {
		n.add(wire.Origin(target), value)
	} else if *latest.Load() != value {
		latest.Store(&value)
	}
	return true
}

// forget reports whether value was the latest.
func (n *nonces) forget(target *url.URL, value string) bool {
	latest := n.at(target)
	if latest == nil || value == "" {
		return false
	}
	known := latest.Load()
	return *known == value && latest.CompareAndSwap(known, new(string))
}

func (n *nonces) add(origin, value string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	byOrigin := map[string]*nonce{}
	if old := n.byOrigin.Load(); old != nil {
		maps.Copy(byOrigin, *old)
	}
	if byOrigin[origin] == nil && len(byOrigin) >= maxOrigins {
		// Any will do: a nonce that is missed is asked for again.
		for other := range byOrigin {
			delete(byOrigin, other)
			break
		}
	}
	latest := new(nonce)
	latest.Store(&value)
	byOrigin[origin] = latest
	n.byOrigin.Store(&byOrigin)
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
