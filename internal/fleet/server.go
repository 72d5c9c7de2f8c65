package fleet

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	tokenPath, apiPath = "/token", "/api"

	nameHeader    = "X-Process"
	requestHeader = "X-Request"
)

// Server is a token endpoint and an API that accepts its tokens, on one loopback address. It counts what it sees. Its
// methods are safe for concurrent use.
type Server struct {
	url  string
	http http.Server

	mu       sync.Mutex
	lifetime time.Duration
	latency  time.Duration
	status   int // of token requests; 0: they succeed
	gate     *Gate
	issued   []issued
	requests []TokenRequest
	latest   map[string]int   // the token that each process was served with last
	rejected map[string]bool  // requests that were responded to with 401
	refused  map[refusal]bool // which tokens have been refused to which processes
	excused  map[string]bool  // see Excused
	served   int
}

// TokenRequest is what the endpoint has seen of one.
type TokenRequest struct {
	// Arrived is when it came, and Responded when the response was written; zero: it was not, or not yet.
	Arrived, Responded time.Time
	// Status is that of the response.
	Status int
}

// NewServer starts a server whose tokens live for an hour.
func NewServer() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the token endpoint cannot listen: %w", err)
	}
	s := &Server{
		url: "http://" + listener.Addr().String(), lifetime: time.Hour,
		latest: map[string]int{}, rejected: map[string]bool{}, refused: map[refusal]bool{}, excused: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+tokenPath, s.token)
	mux.HandleFunc("GET "+apiPath, s.api)
	s.http.Handler = mux
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// Close ends the server and its connections.
func (s *Server) Close() { _ = s.http.Close() }

// Task is a task for processes that use this server, one request in 250 ms each.
func (s *Server) Task() Task {
	return Task{TokenURL: s.url + tokenPath, API: s.url + apiPath, Every: 250 * time.Millisecond}
}

// SetLifetime is how long the tokens live that are issued from now on, in whole seconds.
func (s *Server) SetLifetime(d time.Duration) { s.set(func() { s.lifetime = d }) }

// SetLatency is how long each token request takes from now on.
func (s *Server) SetLatency(d time.Duration) { s.set(func() { s.latency = d }) }

// SetStatus makes token requests fail with a status from now on. 0: they succeed.
func (s *Server) SetStatus(code int) { s.set(func() { s.status = code }) }

func (s *Server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Gate stops one token request.
type Gate struct {
	// Arrived is closed when the request has come.
	Arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

// Open lets it go on. Calling it again has no effect.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// StopNext stops the next token request after its token was issued, until the gate is opened or its client has gone.
func (s *Server) StopNext() *Gate {
	g := &Gate{Arrived: make(chan struct{}), open: make(chan struct{})}
	s.set(func() { s.gate = g })
	return g
}

// Requests is how many token requests have arrived.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// RequestsSince are the token requests from the n-th on.
func (s *Server) RequestsSince(n int) []TokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]TokenRequest(nil), s.requests[n:]...)
}

// Issued is how many tokens were issued, which are numbered from 1.
func (s *Server) Issued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.issued)
}

// Served is how many API requests have succeeded.
func (s *Server) Served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// token is a token request.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || id != clientID || secret != clientSecret {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	arrived := time.Now()
	_, _ = io.Copy(io.Discard, r.Body) // else it would not be noticed that the client has gone
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, TokenRequest{Arrived: arrived})
	status, latency, gate := s.status, s.latency, s.gate
	s.gate = nil
	value, lifetime := "", s.lifetime
	if status == 0 {
		value = s.issue(arrived)
	}
	s.mu.Unlock()
	if gate != nil {
		close(gate.Arrived)
		select {
		case <-gate.open:
		case <-r.Context().Done():
			return
		}
	}
	if latency > 0 {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	code, body := http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, value, lifetime/time.Second)
	if status != 0 {
		code, body = status, `{"error":"temporarily_unavailable"}`
	}
	s.set(func() { s.requests[n].Responded, s.requests[n].Status = time.Now(), code })
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}

// api is a request to the API.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.accepts(r.Header.Get(nameHeader), r.Header.Get(requestHeader), value) {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	w.WriteHeader(http.StatusUnauthorized)
}
