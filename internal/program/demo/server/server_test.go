package server_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type pair struct {
	t      *testing.T
	auth   *server.Auth
	api    *server.API
	client *http.Client
}

func start(t *testing.T) *pair {
	return startFor(t, sim.Registration{ClientID: "me", Secret: "a+b"}, nil)
}

// startFor starts the two for a client, with a certificate for TLS, and without for plain http.
func startFor(t *testing.T, client sim.Registration, certificate *tls.Certificate) *pair {
	auth, err := server.NewAuth(client, 3*time.Second, certificate)
	require.NoError(t, err)
	api, err := server.NewAPI(auth)
	require.NoError(t, err)
	p := &pair{t, auth, api, &http.Client{Transport: new(http.Transport)}}
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		api.Close()
		auth.Close()
	})
	return p
}

func (p *pair) ask(secret, grant string) (status int, token string, err error) {
	reply, err := p.post(url.Values{"grant_type": {grant}}, func(r *http.Request) {
		r.SetBasicAuth("me", url.QueryEscape(secret))
	})
	if reply.status == http.StatusOK {
		require.Equal(p.t, 3, reply.ExpiresIn)
	}
	return reply.status, reply.AccessToken, err
}

// reply is one of the token endpoint.
type reply struct {
	status      int
	nonce       string
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Error       string `json:"error"`
	Why         string `json:"error_description"`
}

// post makes a token request, with what prepare adds to it.
func (p *pair) post(form url.Values, prepare func(*http.Request)) (a reply, err error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.auth.TokenURL(), strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	prepare(req)
	resp, err := p.client.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&a))
	a.status, a.nonce = resp.StatusCode, resp.Header.Get("DPoP-Nonce")
	return a, nil
}

func (p *pair) token() string {
	status, token, err := p.ask("a+b", "client_credentials")
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, status)
	return token
}

// call sends a request as if it had been started some time from now.
func (p *pair) call(id, token string, from time.Duration) (status int, repeated bool) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.api.URL(), nil)
	require.NoError(p.t, err)
	req.Header.Set(server.RequestID, id)
	req.Header.Set(server.Started, strconv.FormatInt(time.Now().Add(from).UnixNano(), 10))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := p.client.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, resp.Header.Get(server.Repeated) != ""
}

func TestAuth_KnowsItsClientAlone(t *testing.T) {
	p := start(t)
	require.NotEqual(t, p.token(), p.token())
	status, _, err := p.ask("other", "client_credentials")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	status, _, err = p.ask("a+b", "password")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, status)
	require.EqualValues(t, 4, p.auth.Requests())
}

func TestAuth_IsDownUntilATimeOrUntilItIsUp(t *testing.T) {
	p := start(t)
	p.auth.Down(time.Time{})
	_, _, err := p.ask("a+b", "client_credentials")
	require.Error(t, err)
	p.auth.Up()
	p.token()
	p.auth.Down(time.Now().Add(time.Hour))
	_, _, err = p.ask("a+b", "client_credentials")
	require.Error(t, err)
	p.auth.Down(time.Now().Add(-1))
	p.token()
	require.EqualValues(t, 4, p.auth.Requests(), "those it did not respond to included")
}

func TestAuth_IsUnavailableUntilATimeOrUntilItIsUp(t *testing.T) {
	p := start(t)
	unavailable := func() {
		resp, err := p.client.PostForm(p.auth.TokenURL(), nil)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	}
	p.auth.Unavailable(time.Time{})
	unavailable()
	p.auth.Up()
	p.token()
	p.auth.Unavailable(time.Now().Add(time.Hour))
	unavailable()
	p.auth.Unavailable(time.Now().Add(-1))
	p.token()
	require.EqualValues(t, 4, p.auth.Requests())
	require.EqualValues(t, 2, p.auth.Refused())
}

func TestAuth_NoticesThatAClientHasLeft(t *testing.T) {
	p := start(t)
	p.auth.SetDelay(time.Hour)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.auth.TokenURL(), strings.NewReader("grant_type=client_credentials"))
		if !assert.NoError(t, err) {
			return
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		_, err = p.client.Do(req)
		assert.ErrorIs(t, err, context.Canceled)
	}()
	require.Eventually(t, func() bool { return p.auth.Requests() == 1 }, time.Minute, time.Millisecond)
	require.Zero(t, p.auth.Abandoned())
	leave()
	<-left
	require.Eventually(t, func() bool { return p.auth.Abandoned() == 1 }, time.Minute, time.Millisecond)
}

func TestAuth_TokensLiveAsLongAsItWasSaidWhenTheyWereHandedOut(t *testing.T) {
	p := start(t)
	token := p.token()
	p.auth.SetLifetime(time.Hour)
	reply, err := p.post(url.Values{"grant_type": {"client_credentials"}}, func(r *http.Request) { r.SetBasicAuth("me", url.QueryEscape("a+b")) })
	require.NoError(t, err)
	require.Equal(t, 3600, reply.ExpiresIn)
	for i, c := range []struct {
		token string
		want  int
	}{{token, 401}, {reply.AccessToken, 200}} {
		status, _ := p.call(strconv.Itoa(i), c.token, 4*time.Second)
		require.Equal(t, c.want, status)
	}
}

func TestAuth_RevokesAllThatWasHandedOutUntilNow(t *testing.T) {
	p := start(t)
	first, second := p.token(), p.token()
	p.auth.RevokeAll()
	for i, c := range []struct {
		token string
		want  int
	}{{first, 401}, {second, 401}, {p.token(), 200}} {
		status, _ := p.call(strconv.Itoa(i), c.token, 0)
		require.Equal(t, c.want, status)
	}
	require.Equal(t, server.Counts{Served: 1, Revoked: 2}, p.api.Counts())
}

func TestAuth_IsSlow(t *testing.T) {
	p := start(t)
	p.auth.SetDelay(20 * time.Millisecond)
	before := time.Now()
	p.token()
	require.GreaterOrEqual(t, time.Since(before), 20*time.Millisecond)
}

func TestAPI_DistinguishesTokens(t *testing.T) {
	p := start(t)
	token := p.token()
	for i, c := range []struct {
		token string
		from  time.Duration
		want  int
	}{
		{token, 0, 200}, {"", 0, 401}, {"made-up", 0, 401}, {token, 4 * time.Second, 401},
	} {
		status, _ := p.call(strconv.Itoa(i), c.token, c.from)
		require.Equal(t, c.want, status)
	}
	require.Equal(t, server.Counts{Served: 1, Unauthorized: 3}, p.api.Counts())
	last := p.token()
	p.auth.Revoke()
	status, _ := p.call("other", last, 0)
	require.Equal(t, 401, status)
	status, _ = p.call("late", token, 0)
	require.Equal(t, 200, status, "only the last one is revoked")
	status, _ = p.call("other", p.token(), 0)
	require.Equal(t, 200, status)
	require.Equal(t, server.Counts{Served: 3, Revoked: 1, Unauthorized: 3}, p.api.Counts())
}

func TestAPI_KnowsRequestsAgain(t *testing.T) {
	p := start(t)
	_, repeated := p.call("a", "", 0)
	require.False(t, repeated)
	_, repeated = p.call("b", "", 0)
	require.False(t, repeated)
	_, repeated = p.call("a", "", 0)
	require.True(t, repeated)
	require.Zero(t, p.api.Counts().Thrice)
	_, repeated = p.call("a", p.token(), 0)
	require.True(t, repeated)
	require.EqualValues(t, 1, p.api.Counts().Thrice)
}

func TestAPI_HoldsRequestsUntilTheyAreReleased(t *testing.T) {
	p := start(t)
	token := p.token()
	full := p.api.Hold(3)
	var running sync.WaitGroup
	for i := range 3 {
		running.Go(func() { p.call(strconv.Itoa(i), token, 0) })
	}
	<-full
	require.Zero(t, p.api.Counts().Served)
	p.auth.Revoke()
	p.api.Release()
	running.Wait()
	require.Equal(t, server.Counts{Revoked: 3}, p.api.Counts())
	p.api.Release() // there is nothing to release
}

func TestAPI_IsReadyForEachThatWantsAConnection(t *testing.T) {
	p := start(t)
	full := p.api.Hold(2)
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			resp, err := p.client.Get(p.api.ReadyURL())
			if assert.NoError(t, err) {
				assert.NoError(t, resp.Body.Close())
				assert.Equal(t, http.StatusNoContent, resp.StatusCode)
			}
		})
	}
	<-full
	p.api.Release()
	running.Wait()
	require.Zero(t, p.api.Counts())
}
