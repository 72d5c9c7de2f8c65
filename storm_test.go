package alf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

const crowd = 1000

// atOnce runs n goroutines and waits for them.
func atOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}

func TestC8_TokenIsRevokedWithAThousandRequestsInFlight(t *testing.T) {
	auth := startAuth(t)
	var mu sync.Mutex
	sends := map[string]int{}
	everyoneIsHere := make(chan struct{})
	api := startAPI(t, auth, nil)
	api.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		id := r.Header.Get("X-Request")
		mu.Lock()
		sends[id]++
		if len(sends) == crowd && sends[id] == 1 {
			auth.revokeAll()
			close(everyoneIsHere)
		}
		mu.Unlock()
		<-everyoneIsHere
		if !auth.accepts(r.Header.Get("Authorization")) {
			http.Error(w, "revoked", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	})
	client := newClient(t, auth.config())

	var healthy atomic.Int32
	atOnce(crowd, func(i int) {
		id := strconv.Itoa(i)
		req := mustRequest(t, api.URL)
		content := ""
		switch i % 3 { // bodies that are available again, that are recorded, and none
		case 0:
			content = "body of " + id
			req, _ = alf.NewRequest(context.Background(), http.MethodPost, api.URL, content)
		case 1:
			content = "body of " + id
			req, _ = alf.NewRequest(context.Background(), http.MethodPut, api.URL, hide(content))
		}
		req.Header.Set("X-Request", id)
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err == nil && resp.StatusCode == 200 && string(body) == content {
			healthy.Add(1)
		}
	})

	require.EqualValues(t, crowd, healthy.Load(), "failures")
	require.Equal(t, 2, auth.count(), "the cold start and one for the revocation")
	require.Len(t, sends, crowd)
	for id, n := range sends {
		require.LessOrEqual(t, n, 2, "request %s", id)
	}
	stats := client.Stats()
	require.EqualValues(t, crowd, stats.RetrySucceeded)
	require.EqualValues(t, 2, stats.Fetches)
}

// hanging is a token endpoint that never responds.
func hanging(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

func TestM9_HangingTokenEndpointFailsAThousandCallersAfterOneRoundsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int32
		base := script(200)
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
			TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				attempts.Add(1)
				return hanging(req)
			})},
			HTTPClient: &http.Client{Transport: base},
		})
		start := time.Now()
		failures := make([]error, crowd)
		atOnce(crowd, func(i int) {
			_, failures[i] = client.Get(apiURL)
			if time.Since(start) != 10*time.Second {
				t.Errorf("failed after %v", time.Since(start))
			}
		})
		var shared *alf.TokenError
		for _, err := range failures {
			var token *alf.TokenError
			require.ErrorAs(t, err, &token)
			if shared == nil {
				shared = token
			}
			require.Same(t, shared, token, "one error for all")
		}
		require.Empty(t, base.seen)
		require.EqualValues(t, 2, attempts.Load())
		require.EqualValues(t, crowd, client.Stats().Unsent)

		// Within the backoff, the same error at once.
		_, err := client.Get(apiURL)
		var again *alf.TokenError
		require.ErrorAs(t, err, &again)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.True(t, again.NextAttempt.After(time.Now()))
		require.EqualValues(t, 2, attempts.Load())
	})
}

func TestM11_EndOfOneRequestsContextEndsItsWaitAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var lent any
		release := make(chan struct{})
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
			TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				lent = req.Context().Value(key{})
				select {
				case <-release:
					return tokenResponse(req), nil
				case <-req.Context().Done():
					return nil, req.Context().Err()
				}
			})},
			HTTPClient: &http.Client{Transport: script(200)},
		})
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(context.WithValue(context.Background(), key{}, "value"), 30*time.Millisecond, cause)
		defer cancel()
		patient := make(chan error)
		go func() {
			resp, err := client.Get(apiURL)
			if err == nil {
				resp.Body.Close()
			}
			patient <- err
		}()
		start := time.Now()
		req, _ := alf.NewRequest(ctx, http.MethodGet, apiURL, nil)
		_, err := client.Transport(nil).RoundTrip(req)
		require.ErrorIs(t, err, cause)
		require.Equal(t, 30*time.Millisecond, time.Since(start))
		time.Sleep(300 * time.Millisecond)
		close(release)
		require.NoError(t, <-patient)
		require.Nil(t, lent)
		require.EqualValues(t, 1, client.Stats().Fetches)
	})
}

// tokenResponse is a token endpoint's response without a network.
func tokenResponse(req *http.Request) *http.Response {
	resp := respond(req, 200, `{"access_token":"in-memory","token_type":"Bearer","expires_in":3600}`)
	resp.Header.Set("Content-Type", "application/json")
	return resp
}

func TestM14_CloseEndsWaitingRequestsAndRefusesLaterOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := script(200)
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
			TokenRequest: alf.TokenRequest{Transport: roundTripper(hanging)}, HTTPClient: &http.Client{Transport: base},
		})
		body := hide("unsent")
		waiting := make(chan error)
		go func() {
			_, err := client.Post(apiURL, "", body)
			waiting <- err
		}()
		synctest.Wait()
		require.NoError(t, client.Close())
		require.ErrorIs(t, <-waiting, alf.ErrClosed)
		require.True(t, body.isClosed())
		_, err := client.Get(apiURL)
		require.ErrorIs(t, err, alf.ErrClosed)
		_, err = client.Token(context.Background())
		require.ErrorIs(t, err, alf.ErrClosed)
		_, err = client.Refresh(context.Background())
		require.ErrorIs(t, err, alf.ErrClosed)
		require.ErrorIs(t, client.Invalidate(namedToken("x"), "api"), alf.ErrClosed)
		require.ErrorIs(t, client.InvalidateValue("x", "api"), alf.ErrClosed)
		require.NoError(t, client.Close())
		require.True(t, client.Stats().Closed)
		require.Empty(t, base.seen)
	})
}

func TestM14_RequestsAlreadySentGetTheirResponsesAfterClose(t *testing.T) {
	auth := startAuth(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, "late but whole")
	})
	client := newClient(t, auth.config())
	type result struct {
		body string
		err  error
	}
	results := make(chan result)
	go func() {
		resp, err := client.Get(api.URL)
		if err != nil {
			results <- result{err: err}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		results <- result{string(body), err}
	}()
	<-arrived
	require.NoError(t, client.Close())
	close(release)
	require.Equal(t, result{body: "late but whole"}, <-results)
	client.CloseIdleConnections()
}

func TestM14_ClosedClientDoesNotCloseWhatItWasGiven(t *testing.T) {
	source, base := &fakeSource{}, &idleCounter{RoundTripper: script(200)}
	client := over(t, source, base)
	require.NoError(t, client.Close())
	require.False(t, source.closed)
	require.Zero(t, base.closed)
	_, err := client.Get(apiURL)
	require.ErrorIs(t, err, alf.ErrClosed)
}

func TestC3_ManyRejectionsWithManyBodiesUnderRace(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		if req.Header.Get("Authorization") == "Bearer token-1" {
			return respond(req, 401, "no"), nil
		}
		return respond(req, 200, string(body)), nil
	})
	client := over(t, &fakeSource{}, base)
	atOnce(100, func(i int) {
		content := fmt.Sprint(i, strings.Repeat("x", i))
		var body any = hide(content)
		if i%2 == 0 {
			body = bytes.NewBufferString(content)
		}
		resp, err := client.Post(apiURL, "", body)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if got, _ := io.ReadAll(resp.Body); string(got) != content {
			t.Errorf("%d: %q", i, got)
		}
	})
}
