// Package server holds the two servers of the demonstration: an authorization server that can be told to misbehave, and a
// protected API that accepts its tokens. Both listen on loopback sockets and count what they see.
package server

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Auth is the authorization server. Its methods are safe for concurrent use.
type Auth struct {
	*listener
	id, secret string
	lifetime   time.Duration

	requests atomic.Uint64
	down     atomic.Pointer[time.Time] // until when; nil: it is up
	delay    atomic.Int64              // nanoseconds

	mu     sync.RWMutex
	grants map[string]*grant
}

type grant struct {
	expires time.Time
	revoked bool
}

// NewAuth starts an authorization server that knows one client, and whose tokens live for lifetime, a number of seconds.
func NewAuth(id, secret string, lifetime time.Duration) (*Auth, error) {
	a := &Auth{id: id, secret: secret, lifetime: lifetime, grants: make(map[string]*grant)}
	var err error
	a.listener, err = listen(http.HandlerFunc(a.token))
	return a, err
}

// Down makes every connection break without an answer, until a time, or for a zero time until Up. The server looks at the
// clock itself: an outage must not last longer because whoever was to end it got no processor in time.
func (a *Auth) Down(until time.Time) { a.down.Store(&until) }

// Up ends an outage.
func (a *Auth) Up() { a.down.Store(nil) }

func (a *Auth) isDown() bool {
	until := a.down.Load()
	return until != nil && (until.IsZero() || time.Now().Before(*until))
}

// SetDelay makes every answer take that much longer from now on.
func (a *Auth) SetDelay(d time.Duration) { a.delay.Store(int64(d)) }

// Revoke revokes every token handed out so far.
func (a *Auth) Revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range a.grants {
		g.revoked = true
	}
}

// Requests is how many token requests have arrived, those that found the server down included.
func (a *Auth) Requests() uint64 { return a.requests.Load() }

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
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case !a.knows(r):
		w.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
	case r.PostFormValue("grant_type") != "client_credentials":
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"error": "unsupported_grant_type"})
	default:
		json.NewEncoder(w).Encode(map[string]any{
			"access_token": a.issue(), "token_type": "Bearer", "expires_in": int(a.lifetime.Seconds()),
		})
	}
}

// knows decodes what Basic authentication carries, as RFC 6749 section 2.3.1 has it.
func (a *Auth) knows(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	id, idErr := url.QueryUnescape(user)
	secret, secretErr := url.QueryUnescape(password)
	return idErr == nil && secretErr == nil && id == a.id && secret == a.secret
}

func (a *Auth) issue() string {
	value := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.grants[value] = &grant{expires: time.Now().Add(a.lifetime)}
	return value
}

type verdict int

const (
	unknown verdict = iota // never handed out
	expired
	revoked
	valid
)

// judge tells what a token is worth that was sent at a time.
func (a *Auth) judge(token string, sent time.Time) verdict {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch g := a.grants[token]; {
	case g == nil:
		return unknown
	case g.revoked:
		return revoked
	case !sent.Before(g.expires):
		return expired
	}
	return valid
}
