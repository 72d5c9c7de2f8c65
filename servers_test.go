package alf_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/alf-go/alf"
)

const (
	testID     = "client-1"
	testSecret = "S3cret-of-the-tests"
)

// authServer is an authorization server on a loopback socket. It issues issued-1, issued-2 and so on.
type authServer struct {
	*httptest.Server
	// respond, if set, responds to the token requests in its place when it returns true.
	response func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request // with their forms parsed
	issued   int
	revoked  map[string]bool
	lifetime any
}

func startAuth(tb testing.TB) *authServer {
	a := &authServer{revoked: map[string]bool{}, lifetime: 3600}
	a.Server = httptest.NewServer(a)
	tb.Cleanup(a.Server.Close)
	return a
}

func (a *authServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	a.mu.Lock()
	a.requests = append(a.requests, r)
	response := a.response
	a.mu.Unlock()
	if response != nil && response(w, r) {
		return
	}
	a.issue(w)
}

func (a *authServer) issue(w http.ResponseWriter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issued++
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": fmt.Sprintf("issued-%d", a.issued), "token_type": "bearer", "expires_in": a.lifetime,
	})
}

// count is how many token requests there were.
func (a *authServer) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.requests)
}

func (a *authServer) setResponse(response func(w http.ResponseWriter, r *http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.response = response
}

// revokeAll makes every token issued so far useless.
func (a *authServer) revokeAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.issued {
		a.revoked[fmt.Sprintf("Bearer issued-%d", i+1)] = true
	}
}

func (a *authServer) accepts(authorization string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.issued {
		if authorization == fmt.Sprintf("Bearer issued-%d", i+1) {
			return !a.revoked[authorization]
		}
	}
	return false
}

// config is for a client of this server.
func (a *authServer) config() alf.Config {
	return alf.Config{TokenURL: a.URL + "/token", ClientID: testID, ClientSecret: alf.Secret(testSecret)}
}

// apiServer is an API on a loopback socket that takes the tokens auth has issued.
type apiServer struct {
	*httptest.Server

	mu   sync.Mutex
	seen []seen
}

// seen is what the API saw of a request.
type seen struct {
	method, path, authorization string
	header                      http.Header
}

// startAPI responds with next, or an empty 200 if that is nil.
func startAPI(tb testing.TB, auth *authServer, next http.HandlerFunc) *apiServer {
	a := &apiServer{}
	a.Server = httptest.NewServer(a.handler(auth, next))
	tb.Cleanup(a.Server.Close)
	return a
}

func (a *apiServer) handler(auth *authServer, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		accepted := auth.accepts(authorization)
		a.mu.Lock()
		a.seen = append(a.seen, seen{method: r.Method, path: r.URL.Path, authorization: authorization, header: r.Header.Clone()})
		a.mu.Unlock()
		if !accepted {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "no good token", http.StatusUnauthorized)
			return
		}
		if next != nil {
			next(w, r)
		}
	}
}

func (a *apiServer) requests() []seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]seen(nil), a.seen...)
}

func (a *apiServer) authorizations() []string {
	var list []string
	for _, s := range a.requests() {
		list = append(list, s.authorization)
	}
	return list
}
