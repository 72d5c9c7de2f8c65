package main

import (
	"context"
	"net/http"
	"runtime"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// theClient is what this is about.
var theClient = peer{
	name:   "alf",
	module: "github.com/alf-go/alf",
	reader: func() func(n int) {
		m := newManager(manager.Config{Fetcher: constant(cached)})
		ctx := context.Background()
		return func(n int) {
			var t *manager.Token
			for range n {
				t, _ = m.Token(ctx)
			}
			runtime.KeepAlive(t)
		}
	},
	sender: func(base http.RoundTripper) http.RoundTripper {
		return newClient(alf.Config{Fetcher: constant(cached)}).Transport(base)
	},
	source: func(e *endpoint, _ tuning) source { return newAlfSource(e) },
}

// constant fetches the same token at once, with an hour to live.
func constant(value string) manager.Fetcher {
	return manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: inAnHour()}, nil
	})
}

// fetcherOf is an endpoint as alf sees it.
func fetcherOf(e *endpoint) manager.Fetcher {
	return manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
		value, expiry, err := e.fetch(ctx)
		if err != nil {
			return nil, err
		}
		return &oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: expiry}, nil
	})
}

// middle takes the chance out of the jitter, so that counts are the same each time.
func middle() float64 { return 0.5 }

// newManager panics, since no configuration here comes from outside.
func newManager(cfg manager.Config) *manager.Manager {
	m, err := manager.New(cfg)
	if err != nil {
		panic(err)
	}
	return m
}

func newClient(cfg alf.Config) *alf.Client {
	c, err := alf.New(cfg)
	if err != nil {
		panic(err)
	}
	return c
}

// alfSource is alf in a storm.
type alfSource struct {
	*manager.Manager
	client *alf.Client
}

func newAlfSource(e *endpoint) *alfSource {
	m := newManager(manager.Config{Fetcher: fetcherOf(e), Rand: middle})
	return &alfSource{m, newClient(alf.Config{Manager: m})}
}

// Token is the manager's.
func (s *alfSource) Token(ctx context.Context) (string, error) {
	t, err := s.Manager.Token(ctx)
	return t.Value(), err
}

// Transport is the client's.
func (s *alfSource) Transport(base http.RoundTripper) http.RoundTripper {
	return s.client.Transport(base)
}

// Close ends both.
func (s *alfSource) Close() {
	_ = s.client.Close()
	_ = s.Manager.Close()
}
