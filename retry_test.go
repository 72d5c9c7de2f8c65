package alf_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestC3_401IsSentAgainOnceWithTheSuccessor(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "welcome") })
	client := newClient(t, auth.config())
	get(t, client, api.URL)
	auth.revokeAll()
	resp, body := get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "welcome", body)
	require.Equal(t, []string{"Bearer issued-1", "Bearer issued-1", "Bearer issued-2"}, api.authorizations())
	require.Equal(t, 2, auth.count())
	stats := client.Stats()
	require.EqualValues(t, 1, stats.Unauthorized)
	require.EqualValues(t, 1, stats.Retried)
	require.EqualValues(t, 1, stats.RetrySucceeded)
}

func TestC3_RejectionNamesTheTokenItWasSentWithAndTheOrigin(t *testing.T) {
	for url, origin := range map[string]string{
		"https://API.Example.com/x?y":   "https://api.example.com:443",
		"https://api.example.com:8443/": "https://api.example.com:8443",
		"http://127.0.0.1/":             "http://127.0.0.1:80",
		"https://[2001:DB8::1]/":        "https://[2001:db8::1]:443",
	} {
		var rejected *alf.Token
		sent := namedToken("sent")
		source := &fakeSource{
			token: func(context.Context) (*alf.Token, error) { return sent, nil },
			replace: func(_ context.Context, tok *alf.Token, _ string) (*alf.Token, error) {
				rejected = tok
				return namedToken("next"), nil
			},
		}
		get(t, over(t, source, script(401, 200)), url)
		require.Same(t, sent, rejected)
		require.Equal(t, []string{origin}, source.replaced)
	}
}

func TestC3_SecondResponseIsReturnedAsItIsAndInvalidatesNothing(t *testing.T) {
	for _, second := range []int{200, 204, 401, 403, 404, 500} {
		source, base := &fakeSource{}, script(401, second)
		client := over(t, source, base)
		resp, body := get(t, client, apiURL)
		require.Equal(t, second, resp.StatusCode)
		require.Equal(t, "response 2", body)
		require.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, base.authorizations())
		require.Len(t, source.replaced, 1)
		require.Empty(t, source.invalidated)
		stats := client.Stats()
		require.EqualValues(t, 1, stats.Unauthorized)
		require.Equal(t, second != 401, stats.RetrySucceeded == 1)
	}
}

func TestC3_ErrorOfTheSecondSendIsReturned(t *testing.T) {
	sends := 0
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		if sends++; sends == 2 {
			return nil, net.ErrClosed
		}
		return respond(req, 401, ""), nil
	})
	client := over(t, &fakeSource{}, base)
	_, err := client.Get(apiURL)
	require.ErrorIs(t, err, net.ErrClosed)
	require.Equal(t, 2, sends)
	require.Zero(t, client.Stats().RetrySucceeded)
}

// trackedBody is an response's body that notes what became of it.
type trackedBody struct {
	io.Reader
	closed atomic.Bool
}

func (b *trackedBody) Close() error { b.closed.Store(true); return nil }

// tracked responds with 401 with bodies of the given size, then 200.
func tracked(size int) (http.RoundTripper, *trackedBody) {
	body := &trackedBody{Reader: strings.NewReader(filler(size))}
	sends := 0
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			req.Body.Close()
		}
		if sends++; sends > 1 {
			return respond(req, 200, "second"), nil
		}
		resp := respond(req, 401, "")
		resp.Header.Set("X-First", "yes")
		resp.Body, resp.ContentLength = body, int64(size)
		return resp, nil
	}), body
}

func TestC3_ConnectionOfTheFirst401IsFreeWhileWaiting(t *testing.T) {
	for _, size := range []int{0, 100, 16<<10 - 1} {
		synctest.Test(t, func(t *testing.T) {
			base, body := tracked(size)
			source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) {
				synctest.Wait()
				require.True(t, body.closed.Load(), "%d bytes", size)
				return namedToken("next"), nil
			}}
			_, response := get(t, over(t, source, base), apiURL)
			require.Equal(t, "second", response)
		})
	}
}

func TestC3_AtMost16KiBOfTheFirst401AreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base, body := tracked(16<<10 + 1)
		source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) {
			synctest.Wait()
			rest, err := io.ReadAll(body.Reader)
			require.NoError(t, err)
			require.Len(t, rest, 1)
			return namedToken("next"), nil
		}}
		get(t, over(t, source, base), apiURL)
	})
}

// stalledBody is an response's body that begins and then stalls until it is closed.
type stalledBody struct{ closed chan struct{} }

func (b stalledBody) Read([]byte) (int, error) { <-b.closed; return 0, net.ErrClosed }
func (b stalledBody) Close() error             { close(b.closed); return nil }

func TestC3_AFirst401ThatStallsDelaysNeitherTheFetchNorTheRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sends := 0
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if sends++; sends > 1 {
				return respond(req, 200, "second"), nil
			}
			resp := respond(req, 401, "")
			resp.Body, resp.ContentLength = stalledBody{make(chan struct{})}, 10
			return resp, nil
		})
		source := &fakeSource{}
		_, response := get(t, over(t, source, base), apiURL)
		require.Equal(t, "second", response)
		require.Len(t, source.replaced, 1)
		require.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

func TestC4_AGetBodyThatReturnsNothingIsNotSentAgain(t *testing.T) {
	var sent []string
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(req.Body)
		sent = append(sent, string(body))
		return respond(req, 401, "first"), nil
	})
	long := filler(100 << 10) // a shorter one is recorded, and that is preferred
	req, err := http.NewRequest(http.MethodPost, apiURL, io.NopCloser(strings.NewReader(long)))
	require.NoError(t, err)
	req.GetBody = func() (io.ReadCloser, error) { return nil, nil }
	resp, err := over(t, &fakeSource{}, base).Do(req)
	require.NoError(t, err)
	require.Equal(t, "first", readAll(t, resp))
	require.Equal(t, []string{long}, sent)
}

func TestC3_A401ThatArrivesAfterCloseIsReturned(t *testing.T) {
	var client *alf.Client
	sends := 0
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		sends++
		require.NoError(t, client.Close())
		return respond(req, 401, "first"), nil
	})
	source := &fakeSource{}
	client = over(t, source, base)
	resp, response := get(t, client, apiURL)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "first", response)
	require.Equal(t, 1, sends)
	require.Empty(t, source.replaced)
}

func TestC3_First401IsDroppedOnlyOnceASuccessorIsThere(t *testing.T) {
	base, body := tracked(1 << 20) // too long to be held: only closing it shows that
	source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) {
		require.False(t, body.closed.Load())
		return namedToken("next"), nil
	}}
	_, response := get(t, over(t, source, base), apiURL)
	require.Equal(t, "second", response)
	require.True(t, body.closed.Load())
}

func TestC3_OneConnectionIsEnough(t *testing.T) {
	auth := startAuth(t)
	var connections atomic.Int32
	api := &apiServer{}
	server := httptest.NewUnstartedServer(api.handler(auth, nil))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	own := clone(t)
	own.MaxConnsPerHost = 1
	cfg := auth.config()
	cfg.HTTPClient = &http.Client{Transport: own}
	client := newClient(t, cfg)
	get(t, client, server.URL)
	auth.revokeAll()
	resp, _ := get(t, client, server.URL)
	require.Equal(t, 200, resp.StatusCode)
	require.EqualValues(t, 1, connections.Load())
}

// first401 are the ways in which the first 401 is the response: it must be whole, whatever its length.
func first401(t *testing.T, replace func(context.Context, *alf.Token, string) (*alf.Token, error)) {
	for _, size := range []int{0, 100, 16<<10 - 1, 16 << 10, 16<<10 + 1, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			base, body := tracked(size)
			client := over(t, &fakeSource{token: sameToken(namedToken("sent")), replace: replace}, base)
			resp, response := get(t, client, apiURL)
			require.Equal(t, 401, resp.StatusCode)
			require.Equal(t, "yes", resp.Header.Get("X-First"))
			require.Equal(t, filler(size), response)
			synctest.Wait() // the caller may have read it before it is closed
			require.True(t, body.closed.Load())
			require.Zero(t, client.Stats().Retried)
		})
	}
}

func sameToken(tok *alf.Token) func(context.Context) (*alf.Token, error) {
	return func(context.Context) (*alf.Token, error) { return tok, nil }
}

func TestC3_SuppressedRejectionReturnsTheFirst401Whole(t *testing.T) {
	first401(t, func(context.Context, *alf.Token, string) (*alf.Token, error) {
		return nil, errors.Join(errors.New("wrapped"), alf.ErrSuppressed)
	})
}

func TestC3_SuccessorThatIsTheSameTokenReturnsTheFirst401Whole(t *testing.T) {
	first401(t, func(context.Context, *alf.Token, string) (*alf.Token, error) { return namedToken("sent"), nil })
}

func TestC3_BodyThatBreaksOffBreaksOffWhereItDid(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, 401, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), &brokenReader{}))
		return resp, nil
	})
	source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, alf.ErrSuppressed }}
	resp, err := over(t, source, base).Get(apiURL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.Equal(t, "half", string(body))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// brokenReader says only once that it is.
type brokenReader struct{ said bool }

func (b *brokenReader) Read([]byte) (int, error) {
	if b.said {
		return 0, io.EOF
	}
	b.said = true
	return 0, io.ErrUnexpectedEOF
}

func TestC3_ResponseWithoutABodyFromACarelessBase(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 401, Header: http.Header{}}, nil
	})
	resp, err := over(t, &fakeSource{}, base).Transport(nil).RoundTrip(mustRequest(t, apiURL))
	require.NoError(t, err)
	require.Equal(t, 401, resp.StatusCode)
}

func mustRequest(tb testing.TB, url string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(tb, err)
	return req
}

func TestC3_FailedFetchIsTheError(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	get(t, client, api.URL)
	auth.revokeAll()
	auth.setResponse(denial)
	resp, err := client.Get(api.URL)
	require.Nil(t, resp)
	var token *alf.TokenError
	require.ErrorAs(t, err, &token)
	require.Contains(t, err.Error(), "invalid_client")
	require.Len(t, api.requests(), 2, "the request was sent once and not again")
}

func TestC3_FailedFetchClosesTheFirst401(t *testing.T) {
	base, body := tracked(1 << 20)
	broken := errors.New("token endpoint broken")
	source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, broken }}
	_, err := over(t, source, base).Get(apiURL)
	require.ErrorIs(t, err, broken)
	require.True(t, body.closed.Load())
}

func TestC3_ContextThatEndsWhileWaitingIsTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base, body := tracked(1 << 20)
		source := &fakeSource{replace: func(ctx context.Context, _ *alf.Token, _ string) (*alf.Token, error) {
			<-ctx.Done()
			return nil, errors.New("something else that the wait ended with")
		}}
		client := over(t, source, base)
		cause := errors.New("the user went away")
		ctx, cancel := context.WithTimeoutCause(context.Background(), 3*time.Second, cause)
		defer cancel()
		start := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, apiURL, nil)
		require.NoError(t, err)
		_, err = client.Transport(nil).RoundTrip(req)
		require.ErrorIs(t, err, cause)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.True(t, body.closed.Load())
	})
}

func TestC3_TimeoutOfTheHTTPClientBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{replace: func(ctx context.Context, _ *alf.Token, _ string) (*alf.Token, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}}
		client := newClient(t, alf.Config{Manager: source, HTTPClient: &http.Client{Transport: script(401), Timeout: 2 * time.Second}})
		start := time.Now()
		_, err := client.Get(apiURL)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestC3_EmptySuccessorIsNotSent(t *testing.T) {
	for name, next := range map[string]*alf.Token{"nil": nil, "empty": namedToken("")} {
		base := script(401, 200)
		source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return next, nil }}
		_, err := over(t, source, base).Get(apiURL)
		require.ErrorContains(t, err, "neither a token nor an error", name)
		require.Len(t, base.seen, 1)
	}
}
