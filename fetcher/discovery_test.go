package fetcher_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

const issuer = "https://idp.example.com/tenant"

// issuing is an authorization server in memory: paths to responses, and what was asked for.
type issuing struct {
	responses map[string]*http.Response
	asked     []string
	down      bool
}

func (s *issuing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.Method+" "+r.URL.String())
	if s.down {
		return nil, http.ErrServerClosed
	}
	if resp, ok := s.responses[r.URL.Path]; ok {
		text := new(strings.Builder)
		_, _ = copyAll(text, resp.Body)
		resp.Body = reply(200, text.String()).Body
		copied := *resp
		copied.Body = reply(200, text.String()).Body
		return &copied, nil
	}
	return reply(404, "not here"), nil
}

const (
	oauthPath  = "/.well-known/oauth-authorization-server/tenant"
	openIDPath = "/tenant/.well-known/openid-configuration"
)

func issuingAt(path, metadata string) *issuing {
	return &issuing{responses: map[string]*http.Response{path: reply(200, metadata), "/token": reply(200, good)}}
}

func discovering(s *issuing) fetcher.Config {
	cfg := config(s)
	cfg.TokenURL, cfg.Issuer = "", issuer
	return cfg
}

func TestF1_TheIssuerNamesItsTokenEndpoint(t *testing.T) {
	for path, asked := range map[string][]string{
		oauthPath:  {"GET https://idp.example.com" + oauthPath, "POST https://login.example.com/token"},
		openIDPath: {"GET https://idp.example.com" + oauthPath, "GET https://idp.example.com" + openIDPath, "POST https://login.example.com/token"},
	} {
		s := issuingAt(path, document(nil))
		mustFetch(t, discovering(s))
		require.Equal(t, asked, s.asked)
	}
	// An issuer without a path, whose slash is part of it.
	s := issuingAt("/.well-known/oauth-authorization-server", document(map[string]any{"issuer": "https://idp.example.com/"}))
	cfg := discovering(s)
	cfg.Issuer = "https://idp.example.com/"
	mustFetch(t, cfg)
}

// A server that responds to everything with a page, or fails where it has nothing, still has its document elsewhere.
func TestF1_WhatIsNoMetadataIsPassedOver(t *testing.T) {
	for _, first := range []*http.Response{
		reply(200, "<html>welcome</html>"), reply(500, "oops"), reply(302, "", "Location", "https://elsewhere.example.com/"),
		reply(200, document(map[string]any{"issuer": "https://other.example.com"})),
	} {
		s := issuingAt(openIDPath, document(nil))
		s.responses[oauthPath] = first
		mustFetch(t, discovering(s))
	}
}

func TestF1_MetadataAreKeptAndReadAgain(t *testing.T) {
	mock := clock.NewMock()
	s := issuingAt(oauthPath, document(nil))
	cfg := discovering(s)
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	reads := func() (n int) {
		for _, asked := range s.asked {
			if strings.HasPrefix(asked, "GET") {
				n++
			}
		}
		return n
	}
	fetch := func() error { _, err := f.Fetch(context.Background()); return err }
	for range 3 {
		require.NoError(t, fetch())
	}
	require.Equal(t, 1, reads())
	mock.Add(time.Hour)
	s.responses[oauthPath] = reply(200, document(map[string]any{"token_endpoint": "https://moved.example.com/token"}))
	require.NoError(t, fetch())
	require.Equal(t, 2, reads())
	require.Equal(t, "POST https://moved.example.com/token", s.asked[len(s.asked)-1])

	// A failure that an outdated address would explain, and not more than once a minute.
	s.responses["/token"] = reply(404, "gone")
	for range 3 {
		require.Error(t, fetch())
	}
	require.Equal(t, 2, reads())
	mock.Add(time.Minute)
	for range 3 {
		require.Error(t, fetch())
	}
	require.Equal(t, 3, reads())

	// While the issuer is away, what it said before holds.
	s.responses["/token"] = reply(200, good)
	delete(s.responses, oauthPath)
	mock.Add(2 * time.Hour)
	for range 3 {
		require.NoError(t, fetch())
	}
	require.Equal(t, 3+4, reads(), "each location once")
	mock.Add(time.Minute)
	require.NoError(t, fetch())
	require.Equal(t, 3+4+4, reads())
}

// M8 and M9 decide about such a failure as about any other.
func TestF1_AnOutageOfTheIssuerIsAnOrdinaryOutage(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	s.down = true
	cfg := discovering(s)
	f := newFetcher(t, cfg)
	_, err := f.Fetch(context.Background())
	e := requireError(t, nil, err)
	require.False(t, e.Permanent())
	require.Len(t, s.asked, 4, "F8: each location")
	s.responses[oauthPath], s.down = reply(503, "", "Retry-After", "7"), false
	_, err = f.Fetch(context.Background())
	e = requireError(t, nil, err)
	require.False(t, e.Permanent())
	require.Equal(t, 7*time.Second, e.RetryAfter())
	s.responses[oauthPath] = reply(200, document(nil))
	_, err = f.Fetch(context.Background())
	require.NoError(t, err)
}

func TestF1_AnIssuerWithoutMetadata(t *testing.T) {
	e := mustFail(t, discovering(&issuing{}))
	require.ErrorContains(t, e, "404 Not Found; there are no metadata, at any of the usual locations: is it the right Issuer? If it has none, set TokenURL")
	require.True(t, e.Permanent())
}

func TestF1_AnIssuerThatCannotBeOne(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://h/?q":      "Issuer: has a query, which RFC 8414 section 2 forbids",
		"https://h/#f":      "Issuer: has a fragment",
		"http://h.example/": "Issuer: plain http would send tokens and client credentials in the clear",
		"h.example":         "Issuer: neither https nor http, or without a host",
		"https://u:p@h/":    "Issuer: has user information",
	} {
		cfg := config(nil)
		cfg.TokenURL, cfg.Issuer = "", issuer
		require.ErrorContains(t, cfg.Validate(), want)
	}
	cfg := config(nil)
	cfg.Issuer = "https://h"
	require.ErrorContains(t, cfg.Validate(), "Issuer: excluded by TokenURL")
	cfg.Issuer, cfg.AuthStyle, cfg.Assertion.Audience = "", fetcher.SecretJWT, fetcher.AudienceIssuer
	require.ErrorContains(t, cfg.Validate(), "Assertion.Audience: there is no Issuer to name")
}

func TestF1_MetadataAreReadAgainAfterFailuresThatTheyMayExplain(t *testing.T) {
	for name, c := range map[string]struct {
		response *http.Response
		err      error
		again    bool
	}{
		"redirect":       {reply(301, "", "Location", "https://new.example.com/token"), nil, true},
		"invalid_client": {reply(401, `{"error":"invalid_client"}`), nil, true},
		"no connection":  {nil, errors.New("connection refused"), true},
		"gone":           {reply(410, ""), nil, true},
		"method":         {reply(405, ""), nil, true},
		"overload":       {reply(503, ""), nil, false},
		"scope":          {reply(400, `{"error":"invalid_scope"}`), nil, false},
	} {
		s := issuingAt(oauthPath, document(nil))
		cfg := discovering(s)
		fail := false
		cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if fail && r.Method == http.MethodPost {
				s.asked = append(s.asked, "POST")
				return c.response, c.err
			}
			return s.RoundTrip(r)
		})
		mock := clock.NewMock()
		cfg.Clock = mock
		f := newFetcher(t, cfg)
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		fail = true
		_, err = f.Fetch(context.Background())
		require.Error(t, err)
		before := len(s.asked)
		mock.Add(time.Minute)
		fail = false
		_, err = f.Fetch(context.Background())
		require.NoError(t, err)
		require.Len(t, s.asked, before+map[bool]int{true: 2, false: 1}[c.again], name)
	}
}

func TestF1_MetadataAfterTheClockWasSteppedBack(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	cfg := discovering(s)
	mock := clock.NewMock()
	mock.Set(cfgNow)
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	for range 2 {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		mock.Set(mock.Now().Add(-24 * time.Hour))
	}
	require.Len(t, s.asked, 4)
}

func TestF8_MetadataRequestsHaveTheHeadersOfTokenRequests(t *testing.T) {
	s := issuingAt(openIDPath, document(nil))
	cfg := discovering(s)
	cfg.TokenRequest.Header = http.Header{"X-Api-Key": {"k"}, "user-agent": {"billing/1.2"}}
	cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, "k", r.Header.Get("X-Api-Key"), r.Method)
		require.Equal(t, "billing/1.2", r.Header.Get("User-Agent"), r.Method)
		require.Equal(t, "application/json", r.Header.Get("Accept"))
		return s.RoundTrip(r)
	})
	mustFetch(t, cfg)
	require.Len(t, s.asked, 3)
}

func TestM9_AnIssuerThatIsOverloadedHasMetadata(t *testing.T) {
	for name, statuses := range map[string][2]int{"both": {503, 503}, "RFC 8414's": {503, 404}, "OpenID's": {404, 503}} {
		cfg := discovering(issuingAt(oauthPath, ""))
		cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == oauthPath {
				return reply(statuses[0], ""), nil
			}
			return reply(statuses[1], ""), nil
		})
		e := mustFail(t, cfg)
		require.Equal(t, 503, e.Status, name)
		require.False(t, e.Permanent(), name)
		require.Empty(t, e.Hint, name)
	}
}

func TestM19_TheQueryOfAnIssuerIsNotPrinted(t *testing.T) {
	cfg := fetcher.Config{Issuer: "https://u:SESAME@h/x?k=SESAME"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "SESAME")
}

func TestF1_AnIssuerThatHangsDoesNotStopTokens(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	hang := false
	cfg := discovering(s)
	cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if hang && r.Method == "GET" {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return s.RoundTrip(r)
	})
	mock := clock.NewMock()
	cfg.Clock = mock
	f := newFetcher(t, cfg)
	_, err := f.Fetch(context.Background())
	require.NoError(t, err)
	hang = true
	mock.Add(time.Hour)
	var last error
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, last = f.Fetch(ctx)
		cancel()
	}
	require.NoError(t, last, "what it said before holds; the token endpoint is fine")
}

// The request for metadata holds no secret: it may be redirected, if not to somewhere else.
func TestF2_RedirectsOfTheMetadata(t *testing.T) {
	s := issuingAt("/moved", document(nil))
	s.responses[oauthPath] = reply(301, "", "Location", "/moved")
	mustFetch(t, discovering(s))
	s = issuingAt("/moved", document(nil))
	s.responses[oauthPath] = reply(301, "", "Location", "https://IDP.example.com:443/moved")
	mustFetch(t, discovering(s))
	for _, elsewhere := range []string{"https://elsewhere.example.com/moved", "http://idp.example.com/moved", "https://idp.example.com:8443/moved"} {
		s := issuingAt("/moved", document(nil))
		s.responses[oauthPath] = reply(302, "", "Location", elsewhere)
		e := mustFail(t, discovering(s))
		require.ErrorContains(t, e, "a redirect to ")
		require.Equal(t, "metadata are read within the issuer's origin: set Issuer to what it calls itself", e.Hint)
		for _, asked := range s.asked {
			require.NotContains(t, asked, "moved")
		}
	}
	s = issuingAt(oauthPath, "")
	s.responses[oauthPath] = reply(302, "", "Location", oauthPath)
	mustFail(t, discovering(s))
	require.Len(t, s.asked, 1+3+3, "a loop ends; the other locations are tried")
}
