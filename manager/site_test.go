package manager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// site is a token endpoint in a bubble that many managers share, and what it was sent.
type site struct {
	*testing.T
	endpoint *manager.Endpoint
	takes    time.Duration
	respond  func(r request) error // nil: a token

	mu       sync.Mutex
	requests []request
	inFlight map[string]int // per client id
	most     int            // that were in flight together
	managers []*manager.Manager
}

// request is a token request.
type request struct {
	client string
	name   string
	at     time.Time
}

// inSite runs a test in a bubble, on its virtual time.
func inSite(t *testing.T, limit int, test func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, err := manager.NewEndpoint(manager.EndpointConfig{MaxInFlight: limit})
		require.NoError(t, err)
		s := &site{T: t, endpoint: e, takes: 50 * ms, inFlight: map[string]int{}}
		defer func() {
			for _, m := range s.managers {
				m.Close()
			}
			synctest.Wait()
			stats := e.Stats()
			require.Zero(t, stats.InFlight+stats.Waiting)
		}()
		test(t, s)
	})
}

// manager makes one for a token of a client id.
func (s *site) manager(client, name string, options ...func(*manager.Config)) *manager.Manager {
	cfg := manager.Config{
		Endpoint: s.endpoint, ClientID: client,
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) { return s.fetch(ctx, client, name) }),
	}
	for _, o := range options {
		o(&cfg)
	}
	m, err := manager.New(cfg)
	require.NoError(s, err)
	s.managers = append(s.managers, m)
	return m
}

func (s *site) fetch(ctx context.Context, client, name string) (*oauth2.Token, error) {
	r := request{client, name, time.Now()}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.inFlight[client]++
	total := 0
	for _, n := range s.inFlight {
		total += n
	}
	s.most = max(s.most, total)
	respond := s.respond
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inFlight[client]--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if respond != nil {
		if err := respond(r); err != nil {
			return nil, err
		}
	}
	return &oauth2.Token{AccessToken: client + "-" + name, Expiry: time.Now().Add(hour)}, nil
}

func (s *site) set(respond func(request) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *site) since(at time.Time) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if !r.at.Before(at) {
			n++
		}
	}
	return n
}

// flying is how many requests of a client id are in flight.
func (s *site) flying(client string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inFlight[client]
}

// seen returns the requests so far.
func (s *site) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func down(request) error { return unavailable() }

func response(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h}
}

func unavailable() error { return &oauth2.RetrieveError{Response: response(503)} }

func throttled(wait time.Duration) error {
	return &oauth2.RetrieveError{Response: response(429, "Retry-After", fmt.Sprint(wait.Seconds()))}
}

type timeout struct{}

func (timeout) Error() string { return "no response in time" }
func (timeout) Timeout() bool { return true }

// retrieveStatus is the status of an error, as code reads it that knows x/oauth2 only.
func retrieveStatus(err error) int {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return e.Response.StatusCode
	}
	return 0
}
