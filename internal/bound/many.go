package bound

import "sync"

// most is how many tokens a [Many] remembers: as many as a pool keeps by default.
const most = 100_000

// Many is a [Cache] for what many clients share: it remembers the last 100,000 tokens, at about 100 bytes each. Its
// zero value is empty. It is safe for concurrent use.
type Many[T any] struct {
	mu      sync.RWMutex
	byToken map[Token]T
	order   []Token // in which they came, from next on if there are as many as are kept
	next    int
}

// Bind remembers what a token is bound to.
func (m *Many[T]) Bind(token Token, to T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byToken == nil {
		m.byToken = make(map[Token]T)
	}
	if _, known := m.byToken[token]; !known {
		if len(m.order) < most {
			m.order = append(m.order, token)
		} else {
			delete(m.byToken, m.order[m.next])
			m.order[m.next] = token
			m.next = (m.next + 1) % most
		}
	}
	m.byToken[token] = to
}

// Of returns what a token is bound to, and false if that is not remembered.
func (m *Many[T]) Of(token Token) (to T, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	to, ok = m.byToken[token]
	return to, ok
}
