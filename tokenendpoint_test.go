package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// idp is an authorization server on a real socket, with metadata.
type idp struct {
	*httptest.Server
	metadata, tokens atomic.Int64
	connections      atomic.Int64
	inFlight, most   atomic.Int64
	held             chan struct{}                                 // token requests have no response until it is closed
	refuse           func(client string) (status int, body string) // status 0: a token
	mu               sync.Mutex
}

func newIDP(t *testing.T) *idp {
	s := &idp{held: make(chan struct{})}
	close(s.held)
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.metadata.Add(1)
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, s.URL, s.URL+"/token")
		return
	}
	s.tokens.Add(1)
	s.mu.Lock()
	s.most.Store(max(s.most.Load(), s.inFlight.Add(1)))
	held, refuse := s.held, s.refuse
	s.mu.Unlock()
	defer s.inFlight.Add(-1)
	<-held
	client, _, _ := r.BasicAuth()
	if refuse != nil {
		if status, body := refuse(client); status != 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
	}
	_, _ = fmt.Fprintf(w, `{"access_token":"for-%s","token_type":"Bearer","expires_in":3600}`, client)
}

func (s *idp) set(refuse func(client string) (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// hold lets token requests wait for their responses, until the function that it returns is called.
func (s *idp) hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.held = held
	return sync.OnceFunc(func() { close(held) })
}

func sharedBy(t *testing.T, cfg alf.TokenEndpointConfig) *alf.TokenEndpoint {
	e, err := alf.NewTokenEndpoint(cfg)
	require.NoError(t, err)
	return e
}

func clientAt(t *testing.T, e *alf.TokenEndpoint, id string, options ...func(*alf.Config)) *alf.Client {
	cfg := alf.Config{Endpoint: e, ClientID: id, ClientSecret: alf.Secret("secret-of-" + id)}
	for _, o := range options {
		o(&cfg)
	}
	c, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestE1_ClientsShareMetadataConnectionsAndALimit: 100 audiences of one issuer. No token request gets a response before
// all callers wait, so that as many are in flight as the limit permits.
func TestE1_ClientsShareMetadataConnectionsAndALimit(t *testing.T) {
	s := newIDP(t)
	release := s.hold()
	defer release()
	e := sharedBy(t, alf.TokenEndpointConfig{Issuer: s.URL, MaxInFlight: 4})
	var wg sync.WaitGroup
	var clients []*alf.Client
	for i := range 100 {
		c := clientAt(t, e, fmt.Sprint("client-", i%10), func(cfg *alf.Config) { cfg.Audience = []string{fmt.Sprint("https://api-", i)} })
		clients = append(clients, c)
		wg.Go(func() {
			token, err := c.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("for-client-", i%10), token.Value())
		})
	}
	require.Equal(t, 100, e.Stats().Clients)
	require.Eventually(t, func() bool {
		now := e.Stats()
		return s.inFlight.Load() == 4 && now.InFlight == 4 && now.Waiting == 96
	}, 10*time.Second, time.Millisecond)
	release()
	wg.Wait()
	require.EqualValues(t, 1, s.metadata.Load())
	require.EqualValues(t, 100, s.tokens.Load())
	require.EqualValues(t, 4, s.most.Load(), "the limit is used, and kept to")
	require.LessOrEqual(t, s.connections.Load(), int64(8), "a connection is used again")
	for _, c := range clients {
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
	}
	require.Zero(t, e.Stats().Clients)
	require.Zero(t, e.Stats().InFlight+e.Stats().Waiting)

	// The endpoint goes on working for a client that is made later.
	_, err := clientAt(t, e, "late").Token(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, s.metadata.Load())
}

// TestE2_WhatClientsShareAboutTheEndpoint: a 5xx that two client ids meet, and no word of what was said to them.
func TestE2_WhatClientsShareAboutTheEndpoint(t *testing.T) {
	s := newIDP(t)
	s.set(func(client string) (int, string) {
		return 503, fmt.Sprintf(`{"error":"server_error","error_description":"confidential, for %s"}`, client)
	})
	e := sharedBy(t, alf.TokenEndpointConfig{TokenURL: s.URL + "/token"})
	a, b, c := clientAt(t, e, "a"), clientAt(t, e, "b"), clientAt(t, e, "c")
	for _, client := range []*alf.Client{a, b} {
		_, err := client.Token(t.Context())
		require.ErrorContains(t, err, "confidential")
	}
	before := s.tokens.Load()
	_, err := c.Token(t.Context())
	var held *alf.HeldError
	require.ErrorAs(t, err, &held)
	require.Equal(t, 503, held.Status)
	require.Equal(t, "server error", held.Class())
	var tokenErr *alf.TokenError
	require.ErrorAs(t, err, &tokenErr)
	require.False(t, tokenErr.NextAttempt.IsZero())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, tokenErr, held), "confidential")
	require.Equal(t, before, s.tokens.Load())
	require.True(t, e.Stats().Suspect)
	s.set(nil)
	_, err = c.Refresh(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !e.Stats().Suspect }, 10*time.Second, time.Millisecond)
	for _, client := range []*alf.Client{a, b} {
		require.Eventually(t, func() bool { _, err := client.Token(t.Context()); return err == nil }, 10*time.Second, time.Millisecond)
	}
}

func TestE2_RefusedCredentialsAffectNoOtherClient(t *testing.T) {
	s := newIDP(t)
	s.set(func(client string) (int, string) {
		switch client {
		case "wrong":
			return 401, `{"error":"invalid_client"}`
		case "broken":
			return 500, "oops"
		case "busy":
			return 429, ""
		}
		return 0, ""
	})
	e := sharedBy(t, alf.TokenEndpointConfig{TokenURL: s.URL + "/token"})
	for i := range 3 {
		for _, id := range []string{"wrong", "broken", "busy"} {
			_, err := clientAt(t, e, id).Token(t.Context())
			require.Error(t, err)
		}
		_, err := clientAt(t, e, fmt.Sprint("good-", i)).Token(t.Context())
		require.NoError(t, err)
	}
}

func TestE1_AnEndpointExcludesWhatItHolds(t *testing.T) {
	e := sharedBy(t, alf.TokenEndpointConfig{TokenURL: "https://idp.example.com/token?key=s3cr3t"})
	cfg := alf.Config{
		Endpoint: e, ClientID: "x", ClientSecret: alf.Secret("y"),
		TokenURL: "https://idp.example.com/token", Issuer: "https://idp.example.com",
		TokenRequest: alf.TokenRequest{Timeout: time.Second, Header: http.Header{"X-Tenant": {"t"}}},
	}
	var fields []string
	for _, f := range alf.FieldErrors(cfg.Validate()) {
		fields = append(fields, f.Field)
		require.Contains(t, f.Problem, "Endpoint")
	}
	require.Equal(t, []string{"TokenURL", "Issuer", "TokenRequest.Timeout"}, fields)

	cfg = alf.Config{Endpoint: new(alf.TokenEndpoint), ClientID: "x", ClientSecret: alf.Secret("y")}
	require.ErrorContains(t, cfg.Validate(), "Endpoint: was not made by")
	cfg = alf.Config{Endpoint: e, Fetcher: alf.FetcherFunc(nil)}
	require.ErrorContains(t, cfg.Validate(), "Endpoint: excluded by Fetcher")
	cfg = alf.Config{Endpoint: e, AllowHTTP: []string{"http://x"}, ClientID: "x", ClientSecret: alf.Secret("y")}
	require.ErrorContains(t, cfg.Validate(), "AllowHTTP[0]")

	_, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{MaxInFlight: -1})
	fields = nil
	for _, f := range alf.FieldErrors(err) {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"TokenURL", "MaxInFlight"}, fields)

	endpointConfig := alf.TokenEndpointConfig{
		TokenURL: "https://idp.example.com/token?key=s3cr3t", TokenRequest: alf.TokenRequest{Header: http.Header{"X-Api-Key": {"s3cr3t"}}},
	}
	text := fmt.Sprintf("%v %+v %#v %v %+v %#v %v", e, e, e, endpointConfig, endpointConfig, endpointConfig, struct{ e *alf.TokenEndpoint }{e})
	require.NotContains(t, text, "s3cr3t")
	require.Contains(t, text, "https://idp.example.com/token")
}

// TestE1_ACallersContextBoundsItsWait, and nothing else does.
func TestE1_ACallersContextBoundsItsWait(t *testing.T) {
	s := newIDP(t)
	release := make(chan struct{})
	s.set(func(client string) (int, string) {
		if client == "slow" {
			<-release
		}
		return 0, ""
	})
	e := sharedBy(t, alf.TokenEndpointConfig{TokenURL: s.URL + "/token", MaxInFlight: 1})
	slow, next := clientAt(t, e, "slow"), clientAt(t, e, "next")
	done := make(chan error, 1)
	go func() { _, err := slow.Token(t.Context()); done <- err }()
	require.Eventually(t, func() bool { return e.Stats().InFlight == 1 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user left")
	go func() {
		require.Eventually(t, func() bool { return e.Stats().Waiting == 1 }, 5*time.Second, time.Millisecond)
		cancel(cause)
	}()
	_, err := next.Token(ctx)
	require.ErrorIs(t, err, cause)
	close(release)
	require.NoError(t, <-done)
	_, err = next.Token(t.Context())
	require.NoError(t, err)
}
