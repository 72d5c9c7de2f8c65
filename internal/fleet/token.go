package fleet

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// What all processes authenticate with. It protects nothing.
const (
	clientID     = "fleet"
	clientSecret = "known-to-all-processes"
)

// tokenSize is how long a token is: as long as a signed one is.
const tokenSize = 1000

type issued struct {
	expires time.Time
	revoked time.Time // zero: it was not
}

// issue makes a token. The lock is held.
func (s *Server) issue(at time.Time) (value string) {
	s.issued = append(s.issued, issued{expires: at.Add(s.lifetime)})
	value = fmt.Sprintf("%d-", len(s.issued))
	return value + strings.Repeat("x", tokenSize-len(value))
}

// Revoke revokes all tokens issued until now.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for i := len(s.issued) - 1; i >= 0 && s.issued[i].revoked.IsZero(); i-- {
		s.issued[i].revoked = now
	}
}

// accepts reports whether the API accepts a token, and notes what that says.
func (s *Server) accepts(process, request, value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var n int
	if _, err := fmt.Sscanf(value, "%d-", &n); err != nil || n < 1 || n > len(s.issued) {
		return false
	}
	t := &s.issued[n-1]
	if t.revoked.IsZero() && now.Before(t.expires) {
		s.latest[process] = n
		s.served++
		delete(s.rejected, request)
		return true
	}
	first := refusal{process, n}
	if s.rejected[request] && !t.revoked.IsZero() && !s.refused[first] {
		s.excused[request] = true
	}
	s.rejected[request], s.refused[first] = true, true
	return false
}

// refusal is a token that was refused to a process.
type refusal struct {
	process string
	token   int
}

// Excused reports whether a request failed because its second token was revoked as well, and the process could not
// know. No client can help that, since a request is sent again once (C3): the token may have been revoked on its way,
// or before that together with the first one, when the processes had different tokens because the store had failed.
func (s *Server) Excused(request string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.excused[request]
}

// Latest is the number of the token that each process was served with last; the tokens are numbered from 1.
func (s *Server) Latest() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.latest)
}
