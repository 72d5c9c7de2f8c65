package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// tenants are client ids with a token each, in virtual time.
type tenants struct {
	requests atomic.Int64
	takes    time.Duration
	fails    func() error // nil: a token
	down     atomic.Bool
	managers []*manager.Manager
}

// newTenants makes n of them, with as many client ids, which share an endpoint or do not.
func newTenants(n, clients int, shared bool) *tenants {
	s := &tenants{takes: 50 * time.Millisecond}
	cfg := manager.Config{Fetcher: manager.FetcherFunc(s.fetch)}
	if shared {
		cfg.Endpoint, _ = manager.NewEndpoint(manager.EndpointConfig{})
	}
	for i := range n {
		cfg.ClientID = fmt.Sprint("tenant-", i%clients)
		m, err := manager.New(cfg)
		if err != nil {
			panic(err)
		}
		s.managers = append(s.managers, m)
	}
	return s
}

func (s *tenants) fetch(ctx context.Context) (*oauth2.Token, error) {
	s.requests.Add(1)
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.down.Load() {
		return nil, s.fails()
	}
	return &oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)}, nil
}

func (s *tenants) close() {
	for _, m := range s.managers {
		_ = m.Close()
	}
}

// all lets every tenant ask for its token, spread over a time, and counts those that fail.
func (s *tenants) all(over time.Duration) (failed int) {
	var count atomic.Int64
	var group sync.WaitGroup
	for _, m := range s.managers {
		time.Sleep(over / time.Duration(len(s.managers)))
		group.Go(func() {
			if _, err := m.Token(context.Background()); err != nil {
				count.Add(1)
			}
		})
	}
	group.Wait()
	return int(count.Load())
}

func statusError(code int, header ...string) func() error {
	h := http.Header{}
	if len(header) == 2 {
		h.Set(header[0], header[1])
	}
	return func() error { return &oauth2.RetrieveError{Response: &http.Response{StatusCode: code, Header: h}} }
}

// inBubble returns what f does in virtual time.
func inBubble[T any](t *testing.T, f func() T) (result T) {
	synctest.Test(t, func(*testing.T) {
		result = f()
		synctest.Wait()
	})
	return result
}

// sharing is what clients of one token endpoint share (E1, E2).
func sharing(b *bench) section {
	s := section{
		title: "One endpoint, many clients",
		text: "Clients that share an `alf.TokenEndpoint` (or a `manager.Endpoint`) beside clients that do not. The first four rows are in " +
			"virtual time, where the counts are exact; a token request takes 50 ms. Metadata are read over sockets.",
	}
	t := table{heads: []string{"", "without", "shared"}}
	n := b.scaled(5000, 500)

	cold := func(shared bool) int {
		return inBubble(b.t, func() int {
			s := newTenants(n, n, shared)
			defer s.close()
			return s.all(0)
		})
	}
	coldShared := cold(true)
	t.row(count(n)+" cold callers at once, 64 in flight when shared: failed", count(cold(false)), count(coldShared))

	outage := func(shared bool) (perSecond float64, after int, took time.Duration) {
		type figures struct {
			perSecond float64
			after     int
			took      time.Duration
		}
		f := inBubble(b.t, func() (f figures) {
			s := newTenants(200, 200, shared)
			defer s.close()
			s.fails = statusError(503)
			s.down.Store(true)
			s.all(5 * time.Second)
			began, before := time.Now(), s.requests.Load()
			for time.Since(began) < 10*time.Minute {
				s.all(5 * time.Second)
			}
			f.perSecond = float64(s.requests.Load()-before) / time.Since(began).Seconds()
			s.down.Store(false)
			began, before = time.Now(), s.requests.Load()
			for s.all(5*time.Second) > 0 {
			}
			f.after, f.took = int(s.requests.Load()-before), time.Since(began)
			return f
		})
		return f.perSecond, f.after, f.took
	}
	alone, _, aloneTook := outage(false)
	together, _, togetherTook := outage(true)
	t.row("200 tenants, a request every 5 s each, down for 10 minutes: token requests a second", fmt.Sprintf("%.1f", alone), fmt.Sprintf("%.2f", together))
	t.row("the same, after recovery: time until all are served", duration(aloneTook), duration(togetherTook))

	throttled := func(shared bool) int {
		return inBubble(b.t, func() int {
			s := newTenants(200, 1, shared)
			defer s.close()
			s.fails = statusError(429, "Retry-After", "300")
			s.down.Store(true)
			_, _ = s.managers[0].Token(context.Background())
			s.all(time.Second)
			return int(s.requests.Load())
		})
	}
	throttledShared := throttled(true)
	t.row("429 with Retry-After: 300, 200 tokens of one client id: token requests", count(throttled(false)), count(throttledShared))

	metadataShared := metadataReads(true)
	t.row("100 audiences of one issuer: metadata reads", count(metadataReads(false)), count(metadataShared))

	s.tables = append(s.tables, t)
	s.check(coldShared == 0, "no cold caller fails at a healthy endpoint", count(coldShared)+" failed")
	s.check(together <= 1, "at most one token request a second in an outage", fmt.Sprintf("%.2f", together))
	s.check(throttledShared == 1, "a 429 is discovered once", count(throttledShared)+" requests")
	s.check(metadataShared == 1, "metadata are read once", count(metadataShared)+" reads")
	return s
}

// metadataReads is how many times 100 clients that begin at the same moment read their issuer's metadata.
func metadataReads(shared bool) int {
	var reads atomic.Int64
	var issuer string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "well-known") {
			reads.Add(1)
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, issuer, issuer+"/token")
			return
		}
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	}))
	defer server.Close()
	issuer = server.URL
	cfg := alf.Config{Issuer: issuer, ClientID: "bench", ClientSecret: alf.Secret("secret")}
	if shared {
		cfg.Endpoint, _ = alf.NewTokenEndpoint(alf.TokenEndpointConfig{Issuer: issuer})
		cfg.Issuer = ""
	}
	var group sync.WaitGroup
	for i := range 100 {
		cfg.Audience = []string{fmt.Sprint("https://api-", i, ".example.com")}
		client, err := alf.New(cfg)
		if err != nil {
			panic(err)
		}
		defer client.Close()
		group.Go(func() { _, _ = client.Token(context.Background()) })
	}
	group.Wait()
	return int(reads.Load())
}
