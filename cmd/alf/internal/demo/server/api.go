package server

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// RequestID is the header by which the API tells the requests apart, and sees that one was sent again.
	RequestID = "X-Request-Id"
	// Started is the header that says when a caller made its request, in nanoseconds since 1970. The API judges by it whether
	// the token had expired: what is to be caught is a client that sends expired tokens, and not a machine too busy to
	// deliver a request in time.
	Started = "X-Started"
	// Resent is the header that the API sets in its answer to a request it has seen before.
	Resent = "X-Resent"
)

// API is the protected resource. Its methods are safe for concurrent use.
type API struct {
	*listener
	auth *Auth
	gate atomic.Pointer[gate]

	answered, revoked, unauthorized atomic.Uint64

	mu      sync.Mutex
	refused map[string]int // how often a request was answered 401
	thrice  uint64
}

// Counts is what an API has seen.
type Counts struct {
	// Answered is how many requests it answered with what they asked for.
	Answered uint64
	// Revoked is how many it answered 401 because their token was revoked.
	Revoked uint64
	// Unauthorized is how many it answered 401 because they came without a token that had ever been valid, or with one that
	// had expired.
	Unauthorized uint64
	// Thrice is how many were sent more than twice.
	Thrice uint64
}

// NewAPI starts an API that accepts the tokens of auth.
func NewAPI(auth *Auth) (*API, error) {
	a := &API{auth: auth, refused: make(map[string]int)}
	var err error
	a.listener, err = listen(http.HandlerFunc(a.serve))
	return a, err
}

// Counts tells what was seen until now.
func (a *API) Counts() Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Counts{a.answered.Load(), a.revoked.Load(), a.unauthorized.Load(), a.thrice}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	if g := a.gate.Load(); g != nil && !g.pass(r.Context()) {
		return
	}
	id := r.Header.Get(RequestID)
	if earlier := a.earlier(id); earlier > 0 {
		w.Header().Set(Resent, "yes")
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch a.auth.judge(token, started(r)) {
	case valid:
		a.answered.Add(1)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"hello":"world"}`)
		return
	case revoked:
		a.revoked.Add(1)
	default:
		a.unauthorized.Add(1)
	}
	a.remember(id)
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	w.WriteHeader(http.StatusUnauthorized)
}

// earlier is how often a request was refused before. Only a request that was can come again.
func (a *API) earlier(id string) int {
	if a.revoked.Load()+a.unauthorized.Load() == 0 {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.refused[id]
	if n == 2 {
		a.thrice++
	}
	return n
}

func (a *API) remember(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[id]++
}

func started(r *http.Request) time.Time {
	nanoseconds, err := strconv.ParseInt(r.Header.Get(Started), 10, 64)
	if err != nil {
		return time.Now()
	}
	return time.Unix(0, nanoseconds)
}
