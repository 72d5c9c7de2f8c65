package server

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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
	auth   *Auth
	proofs *proofs
	gate   atomic.Pointer[gate]

	served, revoked, unauthorized, unbound atomic.Uint64

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
	// Callers find this server's nonces in every response, so that a short life makes work only after a pause.
	a := &API{auth: auth, proofs: newProofs(time.Duration(auth.lifetime.Load()) / 4), refused: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", a.serve)
	mux.HandleFunc(readyPath, a.ready)
	var err error
	a.listener, err = listen(mux, auth.certificate)
	return a, err
}

// Counts returns what was seen until now.
func (a *API) Counts() Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Counts{a.served.Load(), a.revoked.Load(), a.unauthorized.Load(), a.unbound.Load(), a.thrice}
}

// Proofs is what was seen of DPoP proofs.
func (a *API) Proofs() Proofs { return a.proofs.counts() }

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), a.auth.scheme()+" ")
	// Before the gate: a request that only gets a nonce is in flight no more.
	shown, err := a.shown(w.Header(), r, token)
	if errors.Is(err, errNonce) {
		a.refuse(w, err)
		return
	}
	if g := a.gate.Load(); g != nil && !g.pass(r.Context()) {
		return
	}
	id := r.Header.Get(RequestID)
	if earlier := a.earlier(id); earlier > 0 {
		w.Header().Set(Repeated, "yes")
	}
	switch a.auth.verify(token, started(r), shown) {
	case valid:
		a.served.Add(1)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"hello":"world"}`)
		return
	case revoked:
		a.revoked.Add(1)
		err = nil
	case boundElsewhere:
		a.unbound.Add(1)
	default:
		a.unauthorized.Add(1)
		err = nil
	}
	a.remember(id)
	a.refuse(w, err)
}

// shown is what a request shows that its client has; the error is about its proof.
func (a *API) shown(header http.Header, r *http.Request, token string) (shown binding, err error) {
	shown.certificate = shownCertificate(r)
	if a.auth.client.DPoP {
		shown.key, err = a.proofs.check(r, a.url+r.URL.EscapedPath(), token, started(r))
		header.Set(nonceHeader, a.proofs.nonces.next(time.Now()))
	}
	return shown, err
}

// refuse responds 401, because of the proof if there is an error about that, or else of the token.
func (a *API) refuse(w http.ResponseWriter, proof error) {
	code := "invalid_token"
	if proof != nil {
		code = proofError(proof)
	}
	w.Header().Set("WWW-Authenticate", a.auth.scheme()+` error="`+code+`"`)
	w.WriteHeader(http.StatusUnauthorized)
	if proof != nil {
		io.WriteString(w, proof.Error())
	}
}

// earlier is how often a request was refused before. Only a request that was can come again.
func (a *API) earlier(id string) int {
	if a.revoked.Load()+a.unauthorized.Load()+a.unbound.Load() == 0 {
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
