package manager_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// issuer is a token endpoint.
type issuer struct {
	mu       sync.Mutex
	requests int
	takes    time.Duration
	life     time.Duration
	fails    func(n int) error
	// oneActive says that a token is revoked when the next one is issued.
	oneActive bool
	revoked   map[string]bool
	current   []string
}

func (i *issuer) Fetch(ctx context.Context) (*oauth2.Token, error) {
	i.mu.Lock()
	i.requests++
	n := i.requests
	fails, takes, life := i.fails, i.takes, i.life
	i.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fails != nil {
		if err := fails(n); err != nil {
			return nil, err
		}
	}
	value := fmt.Sprintf("secret-token-%d", n)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.oneActive {
		i.revokeIssued()
	}
	i.current = append(i.current, value)
	return (&oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: time.Now().Add(life)}).WithExtra(map[string]any{"scope": "read"}), nil
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// revokeAll revokes what was issued so far.
func (i *issuer) revokeAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revokeIssued()
}

func (i *issuer) revokeIssued() {
	if i.revoked == nil {
		i.revoked = map[string]bool{}
	}
	for _, value := range i.current {
		i.revoked[value] = true
	}
}

func (i *issuer) accepts(value string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.revoked[value]
}
