package server

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/sim"
)

const (
	// RequestID is the header by which the API distinguishes the requests, and sees that one was sent again.
	RequestID = "X-Request-Id"
	// Started is the header that says when a caller made its request, in nanoseconds since 1970. The API decides by it
	// whether the token had expired: what is to be caught is a client that sends expired tokens, and not a machine too
	// busy to deliver a request in time.
	Started = "X-Started"
	// Repeated is the header that the API sets in its response to a request it has seen before.
	Repeated = "X-Repeated"
)

// API is the protected resource. Its methods are safe for concurrent use.
type API struct {
	*listener
	kit  *sim.Server
	gate atomic.Pointer[gate]

	served, refusals atomic.Uint64

	mu      sync.Mutex
	refused map[string]int // how often a request was responded to with 401
	thrice  uint64
}

// Counts is what an API has seen.
type Counts struct {
	// Served is how many requests it served with what they asked for.
	Served uint64
	// Revoked is how many it responded to with 401 because their token was revoked.
	Revoked uint64
	// Unauthorized is how many it responded to with 401 because they came without a token that had ever been valid, or
	// with one that had expired.
	Unauthorized uint64
	// Unbound is how many it responded to with 401 because they did not show what their token is bound to.
	Unbound uint64
	// Thrice is how many were sent more than twice.
	Thrice uint64
}

// Rejected is how many it responded to with 401 because of their token.
func (c Counts) Rejected() uint64 { return c.Revoked + c.Unauthorized + c.Unbound }

// NewAPI starts an API that accepts the tokens of auth. It speaks TLS if auth does.
func NewAPI(auth *Auth) (*API, error) {
	a := &API{kit: auth.kit, refused: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", a.serve)
	mux.HandleFunc(readyPath, a.ready)
	var err error
	a.listener, err = listen(mux, auth.certificate)
	return a, err
}

// Counts returns what was seen until now.
func (a *API) Counts() Counts {
	c := Counts{Served: a.served.Load()}
	for why, n := range a.kit.Refusals() {
		switch why {
		case sim.NonceMissing: // which is about the proof, not about the token
		case sim.Revoked:
			c.Revoked += uint64(n)
		case sim.BadProof, sim.OtherKey, sim.OtherCertificate:
			c.Unbound += uint64(n)
		default:
			c.Unauthorized += uint64(n)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c.Thrice = a.thrice
	return c
}

// Proofs is what was seen of DPoP proofs.
func (a *API) Proofs() Proofs { return proofsOf(a.kit.APIProofs()) }

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	if g := a.gate.Load(); g != nil && !g.pass(r.Context()) {
		return
	}
	id := r.Header.Get(RequestID)
	if a.earlier(id) > 0 {
		w.Header().Set(Repeated, "yes")
	}
	a.kit.ServeHTTP(&outcome{w, a, id}, r)
}

// outcome is a response whose status is noted before a client can see it.
type outcome struct {
	http.ResponseWriter
	api *API
	id  string
}

// WriteHeader notes the status.
func (o *outcome) WriteHeader(status int) {
	nonceMissing := strings.Contains(o.Header().Get("WWW-Authenticate"), "use_dpop_nonce")
	switch {
	case status == http.StatusOK:
		o.api.served.Add(1)
	case status == http.StatusUnauthorized && !nonceMissing:
		o.api.remember(o.id)
	}
	o.ResponseWriter.WriteHeader(status)
}

// hello serves the requests with a good token.
var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"hello":"world"}`) // it fails only if the client has gone
})

// earlier is how often a request was refused before. Only a request that was can come again.
func (a *API) earlier(id string) int {
	if a.refusals.Load() == 0 {
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
	a.refusals.Add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[id]++
}

// started is when a caller made its request; the zero time if it does not say so.
func started(r *http.Request) time.Time {
	nanoseconds, err := strconv.ParseInt(r.Header.Get(Started), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}
