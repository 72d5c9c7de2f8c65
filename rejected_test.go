package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// drip is a response's body that has some bytes at once and more after a while.
type drip struct {
	parts []string
	delay time.Duration
	reads int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.reads == len(d.parts) {
		return 0, io.EOF
	}
	if d.reads > 0 {
		time.Sleep(d.delay)
	}
	d.reads++
	return copy(p, d.parts[d.reads-1]), nil
}

func (*drip) Close() error { return nil }

func TestC3_AStreamingBodyOfTheFirst401IsPassedOnAsItArrives(t *testing.T) {
	for name, replace := range map[string]func(context.Context, *alf.Token, string) (*alf.Token, error){
		"suppressed": func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, alf.ErrSuppressed },
		"same token": func(context.Context, *alf.Token, string) (*alf.Token, error) { return namedToken("token-1"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					resp := respond(req, 401, "")
					resp.Body, resp.ContentLength = &drip{parts: []string{"one", "two", "three"}, delay: time.Second}, -1
					return resp, nil
				})
				resp, err := over(t, &fakeSource{replace: replace}, base).Get(apiURL)
				require.NoError(t, err)
				defer resp.Body.Close()
				for i, want := range []string{"one", "two", "three"} {
					p := make([]byte, 100)
					n, err := resp.Body.Read(p)
					require.NoError(t, err)
					require.Equal(t, want, string(p[:n]))
					require.Equal(t, time.Duration(i)*time.Second, time.Since(start))
				}
				_, err = resp.Body.Read(make([]byte, 1))
				require.Equal(t, io.EOF, err)
			})
		})
	}
}

func TestC3_ErrorOfAFailedFetchContainsThe401(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	get(t, client, api.URL)
	auth.revokeAll()
	auth.setResponse(denial)
	_, err := client.Get(api.URL)
	var rejected *alf.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, 401, rejected.StatusCode)
	require.Equal(t, `Bearer error="invalid_token"`, rejected.Header().Get("WWW-Authenticate"))
	var token *alf.TokenError
	require.ErrorAs(t, err, &token)
	require.ErrorAs(t, rejected.Err, &token)
	require.ErrorContains(t, err, "after the API rejected the token with status 401")
	type inside struct{ err alf.RejectedError }
	noSecret(t, printed(err)+printed(rejected)+printed(*rejected)+printed(inside{*rejected}), testSecret, "issued-1", "invalid_token")

	_, err = client.Get(api.URL)
	require.Error(t, err)
	require.False(t, errors.As(err, &rejected), "this one was not sent")
	require.Zero(t, (&alf.RejectedError{}).Header())
}

func TestC3_CookieOfTheDropped401ReachesTheJar(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, 200, "")
		if req.Header.Get("Authorization") == "Bearer token-1" {
			resp = respond(req, 401, "")
			resp.Header["Set-Cookie"] = []string{"session=first", "load-balancer=a"}
			return resp, nil
		}
		resp.Header["Set-Cookie"] = []string{"session=second"}
		return resp, nil
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := newClient(t, alf.Config{Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base, Jar: jar}})
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 200, resp.StatusCode)
	u, err := url.Parse(apiURL)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"session=second", "load-balancer=a"}, []string{fmt.Sprint(jar.Cookies(u)[0]), fmt.Sprint(jar.Cookies(u)[1])})
}

func TestC3_ContextThatEndsIsTheErrorAndItsCause(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		// The handler waits until the call has returned. If it ended when the client hangs up, its response could
		// win: net/http sends TLS's alert before it closes a connection, and prefers a response to its context's error.
		arrived, returned := make(chan struct{}), make(chan struct{})
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			arrived <- struct{}{}
			<-returned
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		t.Cleanup(server.Close)
		client := newClient(t, alf.Config{Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		cause := errors.New("the user went away")
		for name, make := range map[string]func() (context.Context, func(), error){
			"cancelled": func() (context.Context, func(), error) {
				ctx, cancel := context.WithCancelCause(t.Context())
				return ctx, func() { cancel(cause) }, context.Canceled
			},
			"deadline": func() (context.Context, func(), error) {
				ctx := &expiring{Context: context.Background(), done: newSignal()}
				inner, cancel := context.WithCancelCause(ctx)
				t.Cleanup(func() { cancel(nil) })
				return inner, func() { close(ctx.done) }, context.DeadlineExceeded
			},
			"without a cause": func() (context.Context, func(), error) {
				ctx, cancel := context.WithCancel(t.Context())
				return ctx, cancel, context.Canceled
			},
		} {
			ctx, end, ended := make()
			go func() { <-arrived; end() }()
			_, err := client.GetContext(ctx, server.URL)
			returned <- struct{}{}
			require.ErrorIs(t, err, ended, name)
			require.ErrorIs(t, err, context.Cause(ctx), name)
			var timeout interface{ Timeout() bool }
			require.ErrorAs(t, err, &timeout)
			require.Equal(t, ended == context.DeadlineExceeded, timeout.Timeout(), name)
		}
	})
}

// expiring is a context whose deadline passes when the test says so.
type expiring struct {
	context.Context
	done chan struct{}
}

func newSignal() chan struct{} { return make(chan struct{}) }

func (e *expiring) Done() <-chan struct{} { return e.done }
func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestM11_ContextThatEndsAnyWaitIsTheErrorAndItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the user went away")
		waiting := func(ctx context.Context) (*alf.Token, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		sent := namedToken("sent")
		idle := &fakeSource{token: waiting}
		rejected := &fakeSource{token: sameToken(sent), replace: func(ctx context.Context, _ *alf.Token, _ string) (*alf.Token, error) { return waiting(ctx) }}
		for name, call := range map[string]func(context.Context) error{
			"request": func(ctx context.Context) error {
				_, err := over(t, idle, script(200)).GetContext(ctx, apiURL)
				return err
			},
			"retry": func(ctx context.Context) error {
				_, err := over(t, rejected, script(401)).GetContext(ctx, apiURL)
				return err
			},
			"response over HTTP/1": func(ctx context.Context) error {
				_, err := over(t, &fakeSource{}, roundTripper(func(req *http.Request) (*http.Response, error) {
					_, err := waiting(req.Context())
					return nil, err
				})).GetContext(ctx, apiURL)
				return err
			},
			"response over HTTP/2": func(ctx context.Context) error {
				_, err := over(t, &fakeSource{}, roundTripper(func(req *http.Request) (*http.Response, error) {
					<-req.Context().Done()
					return nil, req.Context().Err()
				})).GetContext(ctx, apiURL)
				return err
			},
			"Token": func(ctx context.Context) error { _, err := over(t, idle, script(200)).Token(ctx); return err },
			"Replace": func(ctx context.Context) error {
				_, err := over(t, rejected, script(200)).Replace(ctx, sent, "x")
				return err
			},
			"gRPC": func(ctx context.Context) error {
				_, err := over(t, idle, script(200)).GetRequestMetadata(ctx)
				return err
			},
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
			err := call(ctx)
			require.ErrorIs(t, err, cause, name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			cancel()
		}
	})
}

func TestC3_CancelOfARequestEndsTheWaitForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := func(ctx context.Context) (*alf.Token, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		for name, source := range map[string]*fakeSource{
			"first": {token: waiting},
			"retry": {token: sameToken(namedToken("sent")), replace: func(ctx context.Context, _ *alf.Token, _ string) (*alf.Token, error) { return waiting(ctx) }},
		} {
			start := time.Now()
			req := mustRequest(t, apiURL)
			cancel := make(chan struct{})
			//lint:ignore SA1019 requests still have it
			req.Cancel = cancel
			time.AfterFunc(time.Second, func() { close(cancel) })
			time.AfterFunc(time.Minute, func() { panic("the wait does not end") })
			_, err := over(t, source, script(401)).Transport(nil).RoundTrip(req)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorContains(t, err, "request canceled")
			require.Equal(t, time.Second, time.Since(start))
		}
	})
}

func TestC6_AHostOutsideTheListIsRefusedUnsent(t *testing.T) {
	for host, allowed := range map[string]bool{
		"": true, "tenant-a.example": true, "TENANT-A.example:443": true, "tenant-b.example": false, "tenant-a.example:8443": false,
		"tenant-a.example.evil": false, "127.0.0.1": false,
	} {
		base := script(200)
		client := newClient(t, alf.Config{
			Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base}, Origins: []string{"https://tenant-a.example", "https://ingress.example"},
		})
		req := mustRequest(t, "https://ingress.example/x")
		req.Host = host
		resp, err := client.Do(req)
		if allowed {
			require.NoError(t, err, host)
			readAll(t, resp)
			continue
		}
		require.ErrorIs(t, err, alf.ErrRefused, host)
		require.ErrorContains(t, err, "Host")
		require.Empty(t, base.seen)
	}
}

func TestC6_AHostNamesTheServerThatRejected(t *testing.T) {
	source := &fakeSource{}
	client := over(t, source, script(401, 200))
	req := mustRequest(t, "https://ingress.example/x")
	req.Host = "Tenant-A.example"
	resp, err := client.Do(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Len(t, source.replaced, 1)
	require.True(t, strings.HasPrefix(source.replaced[0], "https://tenant-a.example:443"), source.replaced[0])
}

func TestC6_ARedirectToAnotherHostOfTheSameAddressCarriesNoToken(t *testing.T) {
	base := &redirecting{hops: []string{"https://ingress.example/1", "https://ingress.example/2"}, status: 200}
	client := over(t, &fakeSource{}, base)
	req := mustRequest(t, "https://ingress.example/1")
	req.Host = "tenant-a.example"
	resp, err := client.Do(req)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, []string{"https://ingress.example/1 Bearer token-1", "https://ingress.example/2"}, base.got)
}

func TestC5_AHookThatPanicsLeavesNoConnectionOpen(t *testing.T) {
	for name, statuses := range map[string][]int{"first response": {200}, "second response": {401, 200}} {
		for _, withBody := range []bool{false, true} {
			var bodies []*trackedBody
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				body := &trackedBody{Reader: strings.NewReader(filler(1 << 20))}
				bodies = append(bodies, body)
				resp := respond(req, statuses[len(bodies)-1], "")
				resp.Body = body
				return resp, nil
			})
			client := newClient(t, alf.Config{
				Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base}, RejectedBody: withBody,
				Rejected: func(resp *http.Response) bool {
					if resp.StatusCode == 200 {
						panic("the hook's own")
					}
					return true
				},
			})
			require.PanicsWithValue(t, "the hook's own", func() { _, _ = client.Get(apiURL) }, name)
			require.Len(t, bodies, len(statuses))
			for _, body := range bodies {
				require.True(t, body.closed.Load(), name)
			}
		}
	}
}

func TestC1_ABaseThatEditsInPlaceDoesNotEditTheCallers(t *testing.T) {
	edits := roundTripper(func(req *http.Request) (*http.Response, error) {
		req.URL.Path, req.URL.Host = "/edited", "edited.example"
		for _, values := range req.Header {
			for i := range values {
				values[i] = "edited"
			}
		}
		req.Header.Add("X-More", "edited")
		if req.Body != nil {
			req.Body.Close()
		}
		return respond(req, 401, ""), nil
	})
	for name, prepare := range map[string]func(*http.Request){
		"plain":       func(*http.Request) {},
		"with a body": func(req *http.Request) { req.Body = io.NopCloser(strings.NewReader("x")) },
		"redirected": func(req *http.Request) {
			req.Response = &http.Response{Request: mustRequest(t, "https://elsewhere.example")}
		},
		"many headers": func(req *http.Request) { addHeaders(req, 40) },
		"some headers": func(req *http.Request) { addHeaders(req, 7) },
	} {
		req := mustRequest(t, apiURL)
		req.Header["X-One"], req.Header["X-Two"] = []string{"1"}, []string{"1", "2"}
		prepare(req)
		want, header := *req.URL, req.Header.Clone()
		resp, err := over(t, &fakeSource{}, edits).Transport(nil).RoundTrip(req)
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, want, *req.URL, name)
		require.Equal(t, header, req.Header, name)
	}
}

func addHeaders(req *http.Request, n int) {
	for i := range n {
		req.Header.Set(fmt.Sprintf("X-%d", i), "value")
	}
}
