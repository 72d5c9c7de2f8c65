package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// held makes auth's token requests wait until release is called, and says when the first has arrived.
func held(auth *authServer) (arrived <-chan struct{}, release func()) {
	here, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	auth.setResponse(func(w http.ResponseWriter, r *http.Request) bool {
		once.Do(func() { close(here) })
		select {
		case <-gate:
		case <-r.Context().Done():
		}
		return false
	})
	return here, func() { close(gate) }
}

// send sends a GET and reports what became of it.
func send(ctx context.Context, client *alf.Client, url string) error {
	resp, err := client.GetContext(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func TestPeerDefect01_ShortLivedTokenCostsOneFetchForFiftyCallers(t *testing.T) {
	auth := startAuth(t)
	auth.lifetime = 8
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	atOnce(50, func(int) {
		if err := send(context.Background(), client, api.URL); err != nil {
			t.Error(err)
		}
	})
	require.Equal(t, 1, auth.count())
}

func TestPeerDefect02_FailureIsNotProbedWithAnotherStyle(t *testing.T) {
	auth := startAuth(t)
	auth.response = denial
	client := newClient(t, auth.config())
	require.Error(t, send(context.Background(), client, "https://api.example.com/"))
	require.Equal(t, 1, auth.count())
	require.NotEmpty(t, auth.requests[0].Header.Get("Authorization"))
}

func TestPeerDefect05_WaiterCanBeCancelled(t *testing.T) {
	auth := startAuth(t)
	arrived, release := held(auth)
	defer release()
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error)
	go func() { failed <- send(ctx, client, api.URL) }()
	<-arrived
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.Empty(t, api.requests())
}

func TestPeerDefect06_TwentyStaggered401sOnAnOldTokenCostOneFetch(t *testing.T) {
	auth := startAuth(t)
	const n = 20
	everyoneIsHere := make(chan struct{})
	step := make([]chan struct{}, n)
	for i := range step {
		step[i] = make(chan struct{})
	}
	var mu sync.Mutex
	waiting := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer issued-1" {
			var i int
			_, _ = fmt.Sscan(r.URL.Query().Get("i"), &i)
			mu.Lock()
			if waiting++; waiting == n {
				close(everyoneIsHere)
			}
			mu.Unlock()
			<-step[i]
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(api.Close)
	client := newClient(t, auth.config())
	done := make([]chan error, n)
	for i := range n {
		done[i] = make(chan error, 1)
		go func() { done[i] <- send(context.Background(), client, fmt.Sprintf("%s?i=%d", api.URL, i)) }()
	}
	<-everyoneIsHere
	for i := range n { // each hears of the refusal only after the one before has been retried
		close(step[i])
		require.NoError(t, <-done[i])
	}
	require.Equal(t, 2, auth.count(), "the cold start and one")
	require.EqualValues(t, n, client.Stats().RetrySucceeded)
}

func TestPeerDefect07_FetchDoesNotDieWithTheCallerWhoStartedIt(t *testing.T) {
	auth := startAuth(t)
	arrived, release := held(auth)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	ctx, cancel := context.WithCancel(context.Background())
	starter, other := make(chan error), make(chan error)
	go func() { starter <- send(ctx, client, api.URL) }()
	<-arrived
	go func() { other <- send(context.Background(), client, api.URL) }()
	cancel()
	require.ErrorIs(t, <-starter, context.Canceled)
	release()
	require.NoError(t, <-other)
	require.Equal(t, 1, auth.count())
}

func TestPeerDefect08_RequestAfterCloseDoesNotHang(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	require.NoError(t, send(context.Background(), client, api.URL))
	require.NoError(t, client.Close())
	require.ErrorIs(t, send(context.Background(), client, api.URL), alf.ErrClosed)
	require.Len(t, api.requests(), 1)
}

func TestPeerDefect11_InvalidationDuringAFetchIsNotLost(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	require.NoError(t, send(context.Background(), client, api.URL))
	first, err := client.Token(context.Background())
	require.NoError(t, err)

	arrived, release := held(auth)
	refreshed := make(chan error)
	go func() {
		_, err := client.Refresh(context.Background())
		refreshed <- err
	}()
	<-arrived
	auth.revokeAll()
	require.NoError(t, client.Invalidate(first, "caller"))
	retried := make(chan error)
	go func() { retried <- send(context.Background(), client, api.URL) }()
	release()
	require.NoError(t, <-refreshed)
	require.NoError(t, <-retried)
	require.Equal(t, []string{"Bearer issued-1", "Bearer issued-2"}, api.authorizations())
	require.Equal(t, 2, auth.count())
}

func TestPeerDefect12_TwoClientsNeverShareAToken(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	other := auth.config()
	other.ClientID = "client-2"
	for _, cfg := range []alf.Config{auth.config(), other, auth.config()} {
		require.NoError(t, send(context.Background(), newClient(t, cfg), api.URL))
	}
	require.Equal(t, []string{"Bearer issued-1", "Bearer issued-2", "Bearer issued-3"}, api.authorizations())
	for i, id := range []string{testID, "client-2", testID} {
		user, _, _ := auth.requests[i].BasicAuth()
		require.Equal(t, id, user)
	}
}

func TestPeerDefect13_TokenWithoutALifetimeIsNotKeptForEver(t *testing.T) {
	for _, lifetime := range []any{nil, 0} {
		auth := startAuth(t)
		auth.lifetime = lifetime
		client := newClient(t, auth.config())
		start := time.Now()
		tok, err := client.Token(context.Background())
		require.NoError(t, err)
		require.False(t, tok.Expiry().IsZero())
		require.Less(t, tok.Expiry().Sub(start), time.Hour)
	}
}

func TestPeerDefect14_TokenDoesNotFollowARedirectToAnotherHost(t *testing.T) {
	auth := startAuth(t)
	got := make(chan http.Header, 2)
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		w.WriteHeader(http.StatusUnauthorized) // in the hope of another one
	}))
	t.Cleanup(thief.Close)
	api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	})
	client := newClient(t, auth.config())
	resp, err := client.Post(api.URL, "", "x")
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, 401, resp.StatusCode)
	require.Empty(t, (<-got).Get("Authorization"))
	require.Empty(t, got)
	require.Equal(t, 1, auth.count())
}

func TestPeerDefect14_SecretDoesNotFollowARedirectOfTheTokenRequest(t *testing.T) {
	followed := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(thief.Close)
	auth := startAuth(t)
	auth.response = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		return true
	}
	require.ErrorContains(t, send(context.Background(), newClient(t, auth.config()), "https://api.example.com"), "redirect")
	require.False(t, followed)
	require.Equal(t, 1, auth.count())
}

func TestPeerDefect15_PrintingATokenDoesNotShowIt(t *testing.T) {
	auth := startAuth(t)
	tok, err := newClient(t, auth.config()).Token(context.Background())
	require.NoError(t, err)
	type user struct {
		tok  *alf.Token
		held alf.Token
	}
	for _, v := range []any{tok, *tok, user{tok, *tok}, &user{tok, *tok}} {
		noSecret(t, printed(v), "issued-1")
	}
}

func TestPeerDefect17_RequestIsNotSentWithoutTheTokenThatIsNotAvailable(t *testing.T) {
	auth := startAuth(t)
	auth.response = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	api := startAPI(t, auth, nil)
	cfg := auth.config()
	cfg.Policy.Attempts = 1
	require.Error(t, send(context.Background(), newClient(t, cfg), api.URL))
	require.Empty(t, api.requests())
}
