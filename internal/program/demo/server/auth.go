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
	lifetime    atomic.Int64 // of the tokens handed out from now on, in nanoseconds
	certificate *tls.Certificate
	assertions  seen
	proofs      *proofs

	requests, unavailable, abandoned, read atomic.Uint64

	outage atomic.Pointer[outage] // nil: there is none
	delay  atomic.Int64           // nanoseconds

	mu     sync.RWMutex
	grants map[string]*grant
	last   *grant // nil: none was handed out
}

// outage is a time during which there are no tokens.
type outage struct {
	until  time.Time // zero: until Up
	broken bool      // connections break without a response
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
		client: client, certificate: certificate, assertions: seen{keep: longestAssertion},
		// A nonce lasts from one refresh to the next, so that only the first request lacks it, and one after an outage.
		proofs: newProofs(lifetime), grants: make(map[string]*grant),
	}
	a.SetLifetime(lifetime)
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
func (a *Auth) Down(until time.Time) { a.outage.Store(&outage{until, true}) }

// Unavailable makes every response a 503, for as long as Down.
func (a *Auth) Unavailable(until time.Time) { a.outage.Store(&outage{until, false}) }

// Up ends an outage.
func (a *Auth) Up() { a.outage.Store(nil) }

// met returns the outage that a request meets; nil if there is none.
func (a *Auth) met() *outage {
	o := a.outage.Load()
	if o == nil || !o.until.IsZero() && !time.Now().Before(o.until) {
		return nil
	}
	return o
}

// SetDelay makes every response take that much longer from now on.
func (a *Auth) SetDelay(d time.Duration) { a.delay.Store(int64(d)) }

// SetLifetime is how long the tokens live that are handed out from now on, a number of seconds.
func (a *Auth) SetLifetime(d time.Duration) { a.lifetime.Store(int64(d)) }

// Revoke revokes the token that was handed out last. Those before it are left to expire: a request that is late, on a
// machine that is busy, may carry one of them, and could not be retried if its successor were revoked as well.
func (a *Auth) Revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last != nil {
		a.last.revoked = true
	}
}

// RevokeAll revokes every token that was handed out until now.
func (a *Auth) RevokeAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range a.grants {
		g.revoked = true
	}
}

// Requests is how many token requests have arrived, those that found the server down included.
func (a *Auth) Requests() uint64 { return a.requests.Load() }

// Refused is how many of them were responded to with 503.
func (a *Auth) Refused() uint64 { return a.unavailable.Load() }

// Abandoned is how many of them had no client any more when the response was ready.
func (a *Auth) Abandoned() uint64 { return a.abandoned.Load() }

// MetadataRead is how often the metadata were asked for.
func (a *Auth) MetadataRead() uint64 { return a.read.Load() }

// Proofs is what was seen of DPoP proofs in token requests.
func (a *Auth) Proofs() Proofs { return a.proofs.counts() }

func (a *Auth) token(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	if o := a.met(); o != nil {
		if o.broken {
			panic(http.ErrAbortHandler)
		}
		a.unavailable.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_ = r.ParseForm() // before the delay: that a client has left is noticed once its request was read
	if d := time.Duration(a.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			a.abandoned.Add(1)
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
	lifetime := time.Duration(a.lifetime.Load())
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": a.issue(lifetime, bound), "token_type": a.scheme(), "expires_in": int(lifetime.Seconds()),
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

func (a *Auth) issue(lifetime time.Duration, bound binding) string {
	value := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = &grant{expires: time.Now().Add(lifetime), bound: bound}
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
