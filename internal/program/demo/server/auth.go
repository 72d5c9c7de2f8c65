// Package server holds the two servers of the demonstration: an authorization server that can be made to misbehave, and
// a protected API that accepts its tokens. Both listen on loopback sockets and count what they see.
package server

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Auth is the authorization server. Its methods are safe for concurrent use.
type Auth struct {
	*listener
	client      Client
	lifetime    time.Duration
	certificate *tls.Certificate
	assertions  seen
	proofs      *proofs

	requests, read atomic.Uint64
	down           atomic.Pointer[time.Time] // until when; nil: it is up
	delay          atomic.Int64              // nanoseconds

	mu     sync.RWMutex
	grants map[string]*grant
	last   *grant // nil: none was handed out
}

type grant struct {
	expires time.Time
	revoked bool
	bound   binding
}

// NewAuth starts an authorization server that knows one client, and whose tokens live for lifetime, a number of
// seconds. With a certificate it speaks TLS, and binds its tokens to the certificates that clients show. Nil: plain
// http.
func NewAuth(client Client, lifetime time.Duration, certificate *tls.Certificate) (*Auth, error) {
	a := &Auth{
		client: client, lifetime: lifetime, certificate: certificate, assertions: seen{keep: longestAssertion},
		// A nonce lasts from one refresh to the next, so that only the first request lacks it, and one after an outage.
		proofs: newProofs(lifetime), grants: make(map[string]*grant),
	}
	mux := http.NewServeMux()
	mux.HandleFunc(tokenPath, a.token)
	mux.HandleFunc(metadataPath, a.metadata)
	var err error
	a.listener, err = listen(mux, certificate)
	return a, err
}

// Issuer is what the server calls itself in its metadata.
func (a *Auth) Issuer() string { return a.url }

// TokenURL is the address of the token endpoint.
func (a *Auth) TokenURL() string { return a.url + tokenPath }

// Down makes every connection break without a response, until a time, or for a zero time until Up. The server looks at
// the clock itself: an outage must not last longer because the goroutine that was to end it got no processor in time.
func (a *Auth) Down(until time.Time) { a.down.Store(&until) }

// Up ends an outage.
func (a *Auth) Up() { a.down.Store(nil) }

func (a *Auth) isDown() bool {
	until := a.down.Load()
	return until != nil && (until.IsZero() || time.Now().Before(*until))
}

// SetDelay makes every response take that much longer from now on.
func (a *Auth) SetDelay(d time.Duration) { a.delay.Store(int64(d)) }

// Revoke revokes the token that was handed out last. Those before it are left to expire: a request that is late, on a
// machine that is busy, may carry one of them, and could not be retried if its successor were revoked as well.
func (a *Auth) Revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last != nil {
		a.last.revoked = true
	}
}

// Requests is how many token requests have arrived, those that found the server down included.
func (a *Auth) Requests() uint64 { return a.requests.Load() }

// MetadataRead is how often the metadata were asked for.
func (a *Auth) MetadataRead() uint64 { return a.read.Load() }

// Proofs is what was seen of DPoP proofs in token requests.
func (a *Auth) Proofs() Proofs { return a.proofs.counts() }

func (a *Auth) token(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	if a.isDown() {
		panic(http.ErrAbortHandler)
	}
	if d := time.Duration(a.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	bound, refused := a.examine(r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if a.client.DPoP {
		w.Header().Set(nonceHeader, a.proofs.nonces.next(time.Now()))
	}
	if refused != nil {
		w.WriteHeader(refused.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": refused.code, "error_description": refused.why})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": a.issue(bound), "token_type": a.scheme(), "expires_in": int(a.lifetime.Seconds()),
	})
}

const grantType = "client_credentials"

// refusal is a response of RFC 6749 section 5.2.
type refusal struct {
	status    int
	code, why string
}

// examine returns what a token is to be bound to, or why there is none.
func (a *Auth) examine(r *http.Request) (binding, *refusal) {
	if err := a.authenticate(r); err != nil {
		return binding{}, &refusal{http.StatusUnauthorized, "invalid_client", err.Error()}
	}
	if got := r.PostFormValue("grant_type"); got != grantType {
		return binding{}, &refusal{http.StatusBadRequest, "unsupported_grant_type", "it is not " + grantType}
	}
	bound := binding{certificate: shownCertificate(r)}
	if a.client.DPoP {
		var err error
		if bound.key, err = a.proofs.check(r, a.TokenURL(), "", time.Now()); err != nil {
			return binding{}, &refusal{http.StatusBadRequest, proofError(err), err.Error()}
		}
	}
	return bound, nil
}

// scheme is what its tokens are called, and sent as.
func (a *Auth) scheme() string {
	if a.client.DPoP {
		return "DPoP"
	}
	return "Bearer"
}

func (a *Auth) issue(bound binding) string {
	value := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = &grant{expires: time.Now().Add(a.lifetime), bound: bound}
	a.grants[value] = a.last
	return value
}

type tokenState int

const (
	unknown tokenState = iota // never handed out
	expired
	revoked
	boundElsewhere // bound to what the request does not show
	valid
)

// verify says in which state a token was that was sent at a time, by a request that shows what it does.
func (a *Auth) verify(token string, sent time.Time, shown binding) tokenState {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch g := a.grants[token]; {
	case g == nil:
		return unknown
	case g.revoked:
		return revoked
	case !sent.Before(g.expires):
		return expired
	case !g.bound.satisfied(shown):
		return boundElsewhere
	}
	return valid
}
