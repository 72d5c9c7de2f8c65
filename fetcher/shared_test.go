package fetcher_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/fielderror"
)

// sharing makes a configuration a client of an endpoint, which holds what cfg says about it.
func sharing(t *testing.T, cfg fetcher.Config) (*fetcher.Endpoint, fetcher.Config) {
	t.Helper()
	e, err := fetcher.NewEndpoint(fetcher.EndpointConfig{
		TokenURL: cfg.TokenURL, Issuer: cfg.Issuer, AllowHTTP: cfg.AllowHTTP, TokenRequest: cfg.TokenRequest, Clock: cfg.Clock,
	})
	require.NoError(t, err)
	t.Cleanup(e.CloseIdleConnections)
	cfg.TokenURL, cfg.Issuer, cfg.TokenRequest, cfg.Endpoint = "", "", fetcher.TokenRequest{}, e
	return e, cfg
}

// TestE1_MetadataAreReadOnceForAll: 100 audiences of one issuer, whose clients all begin at the same moment.
func TestE1_MetadataAreReadOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var documents, tokens atomic.Int64
		cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			if r.Method == http.MethodGet {
				documents.Add(1)
				return reply(200, fmt.Sprintf(`{"issuer":%q,"token_endpoint":"https://login.example.com/token"}`, issuer)), nil
			}
			tokens.Add(1)
			return reply(200, good), nil
		}))
		cfg.TokenURL, cfg.Issuer = "", issuer
		_, cfg = sharing(t, cfg)
		var wg sync.WaitGroup
		for i := range 100 {
			cfg.Audience = []string{fmt.Sprint("https://api", i, ".example.com")}
			f := newFetcher(t, cfg)
			wg.Go(func() {
				_, err := f.Fetch(t.Context())
				require.NoError(t, err)
				_, err = f.Fetch(t.Context())
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, documents.Load())
		require.EqualValues(t, 200, tokens.Load())

		time.Sleep(time.Hour) // by the clock, the document is outdated
		for range 3 {
			_, err := newFetcher(t, cfg).Fetch(t.Context())
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, documents.Load())
	})
}

// TestE1_OneClientsAttemptEndsNoOthersReading: the client that reads the document may be closed meanwhile.
func TestE1_OneClientsAttemptEndsNoOthersReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			if r.Method == http.MethodGet {
				return reply(200, fmt.Sprintf(`{"issuer":%q,"token_endpoint":"https://login.example.com/token"}`, issuer)), nil
			}
			return reply(200, good), nil
		}))
		cfg.TokenURL, cfg.Issuer = "", issuer
		_, cfg = sharing(t, cfg)
		first, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		one, two := newFetcher(t, cfg), newFetcher(t, cfg)
		go func() { _, err := one.Fetch(first); errs <- err }()
		synctest.Wait()
		brief, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer end()
		_, err := two.Fetch(brief)
		require.ErrorIs(t, err, context.DeadlineExceeded, "a client waits no longer than its attempt lasts")
		go func() { _, err := two.Fetch(t.Context()); errs <- err }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-errs, context.Canceled)
		require.NoError(t, <-errs)
	})
}

// TestE2_MetadataThatSuitOneClientOnly: what one client's settings make of a document concerns no other.
func TestE2_MetadataThatSuitOneClientOnly(t *testing.T) {
	document := fmt.Sprintf(`{"issuer":%q,"token_endpoint":"https://login.example.com/token","token_endpoint_auth_methods_supported":["client_secret_post"]}`, issuer)
	s := issuingAt(oauthPath, document)
	_, cfg := sharing(t, discovering(s))
	post := cfg
	post.AuthStyle = fetcher.Post
	_, err := newFetcher(t, post).Fetch(t.Context())
	require.NoError(t, err)
	for range 2 {
		token, err := newFetcher(t, cfg).Fetch(t.Context())
		require.ErrorIs(t, requireError(t, token, err), fetcher.ErrMetadata)
	}
	_, err = newFetcher(t, post).Fetch(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(strings.Join(s.asked, "\n"), "GET"))
}

func TestE1_ConnectionsAreShared(t *testing.T) {
	var opened atomic.Int64
	server := serveUnstarted(t, respond(200, good))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	e, cfg := sharing(t, server.at())
	for i := range 20 {
		cfg.ClientID = fmt.Sprint("client-", i)
		f := newFetcher(t, cfg)
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
		f.CloseIdleConnections() // it is of no concern to the others that this one is closed
	}
	require.EqualValues(t, 1, opened.Load())
	e.CloseIdleConnections()
	_, err := newFetcher(t, cfg).Fetch(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, opened.Load())
}

// TestE1_ConnectionsAreSeparateByCertificate: no request goes over a connection that presented another certificate, or
// one where the client has none.
func TestE1_ConnectionsAreSeparateByCertificate(t *testing.T) {
	authority := certtest.New(t)
	var opened atomic.Int64
	server := serveUnstarted(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"access_token":"for-%s","token_type":"Bearer"}`, shown(r))
	})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	base := server.at()
	base.TokenRequest.TLS = &tls.Config{RootCAs: authority.Pool()}
	_, cfg := sharing(t, base)
	names := []string{"none"}
	clients := []fetcher.Config{cfg}
	for i := range 30 {
		names = append(names, fmt.Sprint("tenant-", i))
		own := cfg
		own.ClientSecret, own.AuthStyle, own.Certificate = nil, fetcher.TLS, fetcher.Certificate(authority.Issue(t, names[i+1]))
		clients = append(clients, own)
	}
	for range 3 {
		for i, client := range clients {
			token, err := newFetcher(t, client).Fetch(t.Context())
			require.NoError(t, err)
			require.Equal(t, "for-"+names[i], token.AccessToken)
		}
	}
	require.EqualValues(t, len(clients), opened.Load(), "one connection for each certificate")
}

func TestE1_HeadersOfTheEndpointAndOfAClient(t *testing.T) {
	server := serve(t, respond(200, good))
	base := server.at()
	base.TokenRequest.Header = http.Header{"X-Env": {"prod"}, "X-Tenant": {"none"}}
	_, cfg := sharing(t, base)
	cfg.TokenRequest.Header = http.Header{"x-tenant": {"t42"}}
	mustFetch(t, cfg)
	require.Equal(t, []string{"prod"}, server.requests[0].Header["X-Env"])
	require.Equal(t, []string{"t42"}, server.requests[0].Header["X-Tenant"])
}

func TestE1_WhatAnEndpointExcludes(t *testing.T) {
	_, cfg := sharing(t, config(always(200, good)))
	cfg.TokenURL, cfg.Issuer = "https://a.example.com/token", issuer
	cfg.TokenRequest = fetcher.TokenRequest{Transport: always(200, good), Timeout: time.Second}
	var fields []string
	for _, e := range fielderror.All(cfg.Validate()) {
		fields = append(fields, e.Field)
	}
	require.Equal(t, []string{"TokenURL", "Issuer", "TokenRequest.Transport", "TokenRequest.Timeout"}, fields)

	_, cfg = sharing(t, config(always(200, good)))
	cfg.Certificate = fetcher.Certificate(certtest.SelfSigned(t, "x"))
	require.ErrorContains(t, cfg.Validate(), "no *http.Transport")
	cfg.Endpoint = new(fetcher.Endpoint)
	require.ErrorContains(t, cfg.Validate(), "NewEndpoint")

	_, err := fetcher.NewEndpoint(fetcher.EndpointConfig{TokenURL: "http://idp.example.com/token?key=s3cr3t"})
	require.ErrorContains(t, err, "AllowHTTP")
	require.NotContains(t, err.Error(), "s3cr3t")
}

func TestM19_AnEndpointPrintsAsItsAddress(t *testing.T) {
	base := config(always(200, good))
	base.TokenURL += "?key=s3cr3t"
	base.TokenRequest.Header = http.Header{"X-Api-Key": {"s3cr3t"}}
	e, cfg := sharing(t, base)
	text := fmt.Sprintf("%v %+v %#v %s %v %+v", e, e, e, e, cfg, struct{ c *fetcher.Endpoint }{e})
	require.NotContains(t, text, "s3cr3t")
	require.Contains(t, text, "https://idp.example.com/token")
	require.NotContains(t, mustFail(t, func() fetcher.Config {
		failing := base
		failing.TokenRequest.Transport = always(500, "s3cr3t")
		_, shared := sharing(t, failing)
		return shared
	}()).Error(), "s3cr3t")
}
