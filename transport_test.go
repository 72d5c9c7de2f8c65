package alf_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

func TestC1_CallersRequestIsNotModified(t *testing.T) {
	for _, statuses := range [][]int{{200}, {401, 200}, {401, 401}} {
		base := script(statuses...)
		client := over(t, &fakeSource{}, base)
		body := hide("the body")
		req, err := http.NewRequest(http.MethodPost, apiURL, body)
		require.NoError(t, err)
		req.Header = http.Header{"Authorization": {"Basic mine"}, "X-Two": {"a", "b"}, "X-None": nil}
		before := *req
		header := req.Header.Clone()

		resp, err := client.Transport(nil).RoundTrip(req)
		require.NoError(t, err)
		require.Equal(t, header, req.Header)
		require.Equal(t, before.Body, req.Body)
		require.Equal(t, before.URL, req.URL)
		require.Equal(t, before.ContentLength, req.ContentLength)
		require.Nil(t, req.Response)
		readAll(t, resp)
	}
}

func TestC1_BaseThatAppendsToAHeaderDoesNotReachTheCallersArray(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		for name := range req.Header {
			req.Header[name] = append(req.Header[name], "appended")
		}
		return respond(req, 200, ""), nil
	})
	values := make([]string, 1, 4)
	values[0] = "mine"
	req, err := http.NewRequest(http.MethodGet, apiURL, nil)
	require.NoError(t, err)
	req.Header["X-Spare"] = values
	_, err = over(t, &fakeSource{}, base).Transport(nil).RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, []string{"mine", "", "", ""}, values[:4])
}

func TestC1_OwnAuthorizationIsReplacedHoweverItIsSpelled(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	for _, spelling := range []string{"Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"} {
		req, err := http.NewRequest(http.MethodGet, api.URL, nil)
		require.NoError(t, err)
		req.Header[spelling] = []string{"Basic of-the-caller", "Basic another"}
		resp, err := client.Do(req)
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, []string{"Basic of-the-caller", "Basic another"}, req.Header[spelling])
	}
	for _, s := range api.requests() {
		require.Equal(t, []string{"Bearer issued-1"}, s.header["Authorization"])
	}
}

func TestC1_UserInformationInTheURLDoesNotDisplaceTheToken(t *testing.T) {
	base := script(200)
	client := over(t, &fakeSource{}, base)
	resp, err := client.Get("https://user:password@api.example.com/")
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, []string{"Bearer token-1"}, base.authorizations())
}

func TestC1_ResponseCarriesTheCallersRequestWithoutTheToken(t *testing.T) {
	for _, statuses := range [][]int{{200}, {401, 200}, {401, 401}} {
		transport := over(t, &fakeSource{}, script(statuses...)).Transport(nil)
		req, err := http.NewRequest(http.MethodGet, apiURL, nil)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err)
		require.Same(t, req, resp.Request)
		require.Empty(t, resp.Request.Header)
		readAll(t, resp)
	}
}

func TestC1_ResponseThatComesWithAnErrorCarriesTheCallersRequestToo(t *testing.T) {
	transport := over(t, &fakeSource{}, nil).Transport(roundTripper(func(req *http.Request) (*http.Response, error) {
		return respond(req, 200, ""), io.ErrUnexpectedEOF
	}))
	req, err := http.NewRequest(http.MethodGet, apiURL, nil)
	require.NoError(t, err)
	resp, err := transport.RoundTrip(req)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Same(t, req, resp.Request)
}

func TestC1_NothingIsPooledThatATransportMayKeep(t *testing.T) {
	base := script(200)
	transport := over(t, &fakeSource{}, base).Transport(nil)
	req, err := http.NewRequest(http.MethodGet, apiURL, nil)
	require.NoError(t, err)
	for range 100 {
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err)
		readAll(t, resp)
	}
	distinct := map[*http.Request]bool{}
	for _, kept := range base.seen {
		distinct[kept] = true
		require.Equal(t, []string{"Bearer token-1"}, kept.Header["Authorization"])
	}
	require.Len(t, distinct, 100)
}

func TestC1_RequestWithoutAHeaderMapIsSent(t *testing.T) {
	base := script(200)
	req, err := http.NewRequest(http.MethodGet, apiURL, nil)
	require.NoError(t, err)
	req.Header = nil
	resp, err := over(t, &fakeSource{}, base).Transport(nil).RoundTrip(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Nil(t, req.Header)
	require.Equal(t, []string{"Bearer token-1"}, base.authorizations())
}

type idleCounter struct {
	http.RoundTripper
	closed int
}

func (i *idleCounter) CloseIdleConnections() { i.closed++ }

func TestC1_CloseIdleConnectionsReachesTheBase(t *testing.T) {
	base := &idleCounter{RoundTripper: script(200)}
	client := over(t, &fakeSource{}, base)
	client.CloseIdleConnections()
	require.Equal(t, 1, base.closed)
	client.HTTPClient().CloseIdleConnections()
	require.Equal(t, 2, base.closed)

	other := &idleCounter{RoundTripper: script(200)}
	(&http.Client{Transport: client.Transport(other)}).CloseIdleConnections()
	require.Equal(t, 1, other.closed)
	require.Equal(t, 2, base.closed)

	// One that has none is left alone.
	(&http.Client{Transport: client.Transport(script(200))}).CloseIdleConnections()
}

func TestC1_TransportsOfOneClientShareItsToken(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	own := http.DefaultTransport.(*http.Transport).Clone()
	defer own.CloseIdleConnections()
	for _, transport := range []http.RoundTripper{client.Transport(nil), client.Transport(own), client.HTTPClient().Transport} {
		resp, err := (&http.Client{Transport: transport}).Get(api.URL)
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, 200, resp.StatusCode)
	}
	require.Equal(t, 1, auth.count())
}

func TestC1_HTTPClientKeepsItsSettingsAndIsACopy(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	base := script(302)
	given := &http.Client{Transport: base, Timeout: time.Minute, Jar: jar, CheckRedirect: stop}
	client := newClient(t, alf.Config{Manager: &fakeSource{}, HTTPClient: given})
	require.Same(t, base, given.Transport, "the client that was given is not modified")

	got := client.HTTPClient()
	require.Equal(t, time.Minute, got.Timeout)
	require.Same(t, jar, got.Jar)
	base.header = http.Header{"Location": {"https://elsewhere.example.com/"}}
	resp, err := client.Get(apiURL)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, 302, resp.StatusCode, "CheckRedirect was asked")

	got.Transport = nil
	require.NotNil(t, client.HTTPClient().Transport, "changing the copy changes no other")
}

func TestC1_HTTPClientWithoutATransportGetsOurOwn(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	cfg := auth.config()
	cfg.HTTPClient = &http.Client{Timeout: time.Minute}
	resp, _ := get(t, newClient(t, cfg), api.URL)
	require.Equal(t, 200, resp.StatusCode)
}

func TestC1_TokenSource(t *testing.T) {
	auth := startAuth(t)
	client := newClient(t, auth.config())
	var source oauth2.TokenSource = client.TokenSource()
	tok, err := source.Token()
	require.NoError(t, err)
	require.Equal(t, "issued-1", tok.AccessToken)
	require.True(t, tok.Valid())

	api := startAPI(t, auth, nil)
	resp, err := (&http.Client{Transport: &oauth2.Transport{Source: source, Base: clone(t)}}).Get(api.URL)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, 1, auth.count())

	require.NoError(t, client.Close())
	_, err = source.Token()
	require.ErrorIs(t, err, alf.ErrClosed)
}

// clone makes a transport whose connections end with the test.
func clone(tb testing.TB) *http.Transport {
	own := http.DefaultTransport.(*http.Transport).Clone()
	tb.Cleanup(own.CloseIdleConnections)
	return own
}

// perRPCCredentials is credentials.PerRPCCredentials of google.golang.org/grpc.
type perRPCCredentials interface {
	GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error)
	RequireTransportSecurity() bool
}

func TestC1_GRPCPerRPCCredentials(t *testing.T) {
	var credentials perRPCCredentials = newClient(t, alf.Config{Manager: &fakeSource{}})
	metadata, err := credentials.GetRequestMetadata(context.Background(), "https://grpc.example.com/pkg.Service")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"authorization": "Bearer token-1"}, metadata)
	require.True(t, credentials.RequireTransportSecurity())

	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(io.ErrClosedPipe)
	credentials = newClient(t, alf.Config{Manager: &fakeSource{token: func(ctx context.Context) (*alf.Token, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}}})
	_, err = credentials.GetRequestMetadata(ctx)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestC7_GRPCNeedsTransportSecurityUnlessAnyHostMayDoWithout(t *testing.T) {
	named := newClient(t, alf.Config{Manager: &fakeSource{}, AllowHTTP: []string{"one.example.com"}})
	require.True(t, named.RequireTransportSecurity())
	whatever := newClient(t, alf.Config{Manager: &fakeSource{}, AllowHTTP: []string{"*"}})
	require.False(t, whatever.RequireTransportSecurity())
}

func TestC6_GRPCCallsOutsideTheOriginsGetNoToken(t *testing.T) {
	client := newClient(t, alf.Config{Manager: &fakeSource{}, Origins: []string{"https://grpc.example.com"}})
	_, err := client.GetRequestMetadata(context.Background())
	require.ErrorIs(t, err, alf.ErrRefused, "who does not say where to gets none")
	_, err = client.GetRequestMetadata(context.Background(), "https://grpc.example.com:443/pkg.Service")
	require.NoError(t, err)
	for _, target := range []string{"https://other.example.com/pkg.Service", "https://grpc.example.com:8443/pkg.Service", "://"} {
		_, err = client.GetRequestMetadata(context.Background(), target)
		require.ErrorIs(t, err, alf.ErrRefused, target)
	}
}

func TestC1_HTTP2(t *testing.T) {
	auth := startAuth(t)
	var protocols []string
	api := &apiServer{}
	server := httptest.NewUnstartedServer(api.handler(auth, func(w http.ResponseWriter, r *http.Request) {
		protocols = append(protocols, r.Proto)
		_, _ = io.Copy(w, r.Body)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := auth.config()
	cfg.HTTPClient = server.Client()
	client := newClient(t, cfg)
	_, err := client.Token(context.Background())
	require.NoError(t, err)
	auth.revokeAll()

	body := strings.Repeat("x", 300<<10)
	resp, err := client.Post(server.URL, "", bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	require.Equal(t, body, readAll(t, resp))
	require.Equal(t, []string{"HTTP/2.0"}, protocols)
	require.Equal(t, []string{"Bearer issued-1", "Bearer issued-2"}, api.authorizations())
}
