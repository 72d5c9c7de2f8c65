package manager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// site is a token endpoint in a bubble that many managers share, and what it was sent.
type site struct {
	*testing.T
	endpoint *manager.Endpoint
	takes    time.Duration
	respond  func(r request) error // nil: a token

	mu       sync.Mutex
	requests []request
	inFlight map[string]int // per client id
	most     int            // that were in flight together
	managers []*manager.Manager
}

// request is a token request.
type request struct {
	client string
	name   string
	at     time.Time
}

// inSite runs a test in a bubble, on its virtual time.
func inSite(t *testing.T, limit int, test func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, err := manager.NewEndpoint(manager.EndpointConfig{MaxInFlight: limit})
		require.NoError(t, err)
		s := &site{T: t, endpoint: e, takes: 50 * ms, inFlight: map[string]int{}}
		defer func() {
			for _, m := range s.managers {
				m.Close()
			}
			synctest.Wait()
			stats := e.Stats()
			require.Zero(t, stats.InFlight+stats.Waiting)
		}()
		test(t, s)
	})
}

// manager makes one for a token of a client id.
func (s *site) manager(client, name string, options ...func(*manager.Config)) *manager.Manager {
	cfg := manager.Config{
		Endpoint: s.endpoint, ClientID: client,
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) { return s.fetch(ctx, client, name) }),
	}
	for _, o := range options {
		o(&cfg)
	}
	m, err := manager.New(cfg)
	require.NoError(s, err)
	s.managers = append(s.managers, m)
	return m
}

func (s *site) fetch(ctx context.Context, client, name string) (*oauth2.Token, error) {
	r := request{client, name, time.Now()}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.inFlight[client]++
	total := 0
	for _, n := range s.inFlight {
		total += n
	}
	s.most = max(s.most, total)
	respond := s.respond
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inFlight[client]--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if respond != nil {
		if err := respond(r); err != nil {
			return nil, err
		}
	}
	return &oauth2.Token{AccessToken: client + "-" + name, Expiry: time.Now().Add(hour)}, nil
}

func (s *site) set(respond func(request) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *site) since(at time.Time) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if !r.at.Before(at) {
			n++
		}
	}
	return n
}

// flying is how many requests of a client id are in flight.
func (s *site) flying(client string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inFlight[client]
}

// seen returns the requests so far.
func (s *site) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func down(request) error { return unavailable() }

// TestE1_5000ColdCallers: a healthy endpoint fails no caller, however long the queue is.
func TestE1_5000ColdCallers(t *testing.T) {
	for _, limit := range []int{16, 64} {
		t.Run(fmt.Sprint(limit, " in flight"), func(t *testing.T) {
			inSite(t, limit, func(t *testing.T, s *site) {
				const callers = 5000
				begin := time.Now()
				errs := make(chan error, callers)
				for i := range callers {
					m := s.manager(fmt.Sprint("tenant-", i), "t")
					go func() { _, err := m.Token(t.Context()); errs <- err }()
				}
				for range callers {
					require.NoError(t, <-errs)
				}
				require.Equal(t, callers, s.count())
				s.mu.Lock()
				most := s.most
				s.mu.Unlock()
				require.Equal(t, limit, most)
				rounds := (callers + limit - 1) / limit
				require.Equal(t, time.Duration(rounds)*50*ms, time.Since(begin), "the limit is used at all times")
			})
		})
	}
}

func TestE1_AQuarterWhileOthersWait(t *testing.T) {
	inSite(t, 8, func(t *testing.T, s *site) {
		var wg sync.WaitGroup
		get := func(m *manager.Manager) {
			wg.Go(func() {
				_, err := m.Token(t.Context())
				require.NoError(t, err)
			})
		}
		for i := range 40 {
			get(s.manager("large", fmt.Sprint(i)))
		}
		synctest.Wait()
		require.Equal(t, 8, s.flying("large"), "alone, it may have all")
		for i := range 4 {
			get(s.manager("small", fmt.Sprint(i)))
		}
		time.Sleep(50*ms + 1)
		synctest.Wait()
		require.LessOrEqual(t, s.flying("large"), 2)
		require.Equal(t, 2, s.flying("small"))
		wg.Wait()
	})
}

// TestE1_ACallersContextEndsItsWait: that is what bounds the wait in the queue, and it leaves the queue as it is.
func TestE1_ACallersContextEndsItsWait(t *testing.T) {
	inSite(t, 1, func(t *testing.T, s *site) {
		s.takes = 4 * second
		one, two := s.manager("a", "1"), s.manager("a", "2")
		go one.Token(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		_, err := two.Token(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, s.endpoint.Stats().Waiting)
		token, err := two.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "a-2", token.Value())
		require.Equal(t, 2, s.count())
	})
}

// TestE2_AnOutageIsProbedOnce: 200 clients of a dead endpoint, a request every 5 s each, for 10 minutes. Today they
// send 82 token requests a second.
func TestE2_AnOutageIsProbedOnce(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		s.set(down)
		var clients []*manager.Manager
		for i := range 200 {
			clients = append(clients, s.manager(fmt.Sprint("tenant-", i), "t"))
		}
		round := func() (served int) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for _, m := range clients {
				time.Sleep(5 * second / 200)
				wg.Go(func() {
					token, err := m.Token(t.Context())
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						served++
						return
					}
					require.Nil(t, token)
					var e *manager.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, 503, retrieveStatus(err))
				})
			}
			wg.Wait()
			return served
		}
		require.Zero(t, round())
		steady := time.Now()
		for time.Since(steady) < 10*minute {
			require.Zero(t, round())
		}
		perSecond := float64(s.since(steady)) / time.Since(steady).Seconds()
		require.Less(t, perSecond, 0.25)
		require.Greater(t, perSecond, 0.05)

		s.set(nil)
		recovered := time.Now()
		for round() < 200 {
		}
		require.Less(t, time.Since(recovered), 20*second)
		require.LessOrEqual(t, s.since(recovered), 201)
	})
}

// TestE2_AHeldCallersError: class, status and time of the next attempt, and no other client's text.
func TestE2_AHeldCallersError(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		s.set(func(r request) error {
			return &oauth2.RetrieveError{Response: response(500), ErrorCode: "server_error", ErrorDescription: "confidential text for " + r.client}
		})
		a, b, c := s.manager("a", "1"), s.manager("b", "1"), s.manager("c", "1")
		for _, m := range []*manager.Manager{a, b} {
			_, err := m.Token(t.Context())
			require.ErrorContains(t, err, "confidential")
		}
		before := s.count()
		begin := time.Now()
		_, err := c.Token(t.Context())
		require.Equal(t, begin, time.Now(), "at once")
		require.Equal(t, before, s.count())
		var e *manager.Error
		require.ErrorAs(t, err, &e)
		require.True(t, e.NextAttempt.After(begin))
		require.Less(t, e.NextAttempt.Sub(begin), second)
		require.True(t, e.Temporary())
		var held *manager.HeldError
		require.ErrorAs(t, err, &held)
		require.Equal(t, "server error", held.Class())
		require.Equal(t, 500, held.Status)
		require.False(t, held.Throttled)
		require.Equal(t, 500, retrieveStatus(err))
		for _, text := range []string{fmt.Sprintf("%v %+v %#v", err, err, held), fmt.Sprint(c.Stats())} {
			require.NotContains(t, text, "confidential")
			require.NotContains(t, text, "for a")
		}
		require.ErrorContains(t, err, "server error: 500")
		require.Contains(t, c.Stats().LastError.Error(), "does not work")
		require.Equal(t, e.NextAttempt, c.Stats().NextAttempt)
	})
}

// TestE2_WhatIsOneClientsOwn: refused credentials, a refused scope and a 5xx that only one client id meets affect no
// other client.
func TestE2_WhatIsOneClientsOwn(t *testing.T) {
	for name, failure := range map[string]error{
		"credentials": &oauth2.RetrieveError{Response: response(401), ErrorCode: "invalid_client"},
		"scope":       &oauth2.RetrieveError{Response: response(400), ErrorCode: "invalid_scope"},
		"a 5xx":       unavailable(),
		"a time-out":  timeout{},
		"no response": errors.New("connection refused"),
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, 0, func(t *testing.T, s *site) {
				s.set(func(r request) error {
					if r.client == "bad" {
						return failure
					}
					return nil
				})
				for range 3 {
					for i := range 5 {
						_, err := s.manager("bad", fmt.Sprint(i)).Token(t.Context())
						require.Error(t, err)
					}
					_, err := s.manager("good", "t").Token(t.Context())
					require.NoError(t, err)
					require.False(t, s.endpoint.Stats().Suspect)
				}
			})
		})
	}
}

// TestE2_RefusalsShowThatTheEndpointWorks: however many client ids have wrong credentials or scopes, that is no trouble
// of the endpoint, and one of them is as good as a success.
func TestE2_RefusalsShowThatTheEndpointWorks(t *testing.T) {
	for name, refusal := range map[string]error{
		"credentials": &oauth2.RetrieveError{Response: response(401), ErrorCode: "invalid_client"},
		"scope":       &oauth2.RetrieveError{Response: response(400), ErrorCode: "invalid_scope"},
		"forbidden":   &oauth2.RetrieveError{Response: response(403)},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, 0, func(t *testing.T, s *site) {
				s.set(func(r request) error {
					switch {
					case strings.HasPrefix(r.client, "wrong"):
						return refusal
					case strings.HasPrefix(r.client, "broken"):
						return unavailable()
					}
					return nil
				})
				for _, id := range []string{"wrong-1", "wrong-2", "wrong-3", "broken-1", "wrong-4", "broken-2", "wrong-5", "broken-3"} {
					_, err := s.manager(id, "t").Token(t.Context())
					require.Error(t, err)
					require.False(t, errors.As(err, new(*manager.HeldError)), id)
					synctest.Wait()
					require.False(t, s.endpoint.Stats().Suspect && !strings.HasPrefix(id, "broken"), id)
					_, err = s.manager("good-"+id, "t").Token(t.Context())
					require.NoError(t, err)
				}
			})
		})
	}
}

// verdict is an error that says itself whether the endpoint did not work.
type verdict bool

func (verdict) Error() string   { return "no token" }
func (v verdict) Trouble() bool { return bool(v) }

// TestE2_ErrorsOfOtherFetchers: what counts as trouble, where two client ids meet it.
func TestE2_ErrorsOfOtherFetchers(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		suspect bool
		class   string
	}{
		"says so":            {verdict(true), true, "connection failure"},
		"says it is none":    {verdict(false), false, ""},
		"a 5xx":              {&oauth2.RetrieveError{Response: response(500)}, true, "server error"},
		"a time-out":         {timeout{}, true, "time-out"},
		"wrapped":            {fmt.Errorf("fetching: %w", timeout{}), true, "time-out"},
		"unknown":            {errors.New("connection refused"), true, "connection failure"},
		"permanent":          {permanent{errors.New("no such key")}, false, ""},
		"a page":             {&oauth2.RetrieveError{Response: response(404)}, false, ""},
		"a redirect":         {&oauth2.RetrieveError{Response: response(302)}, false, ""},
		"throttled by a 503": {&oauth2.RetrieveError{Response: response(503, "Retry-After", "1")}, true, "server error"},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, 0, func(t *testing.T, s *site) {
				s.set(func(r request) error { return c.err })
				third := s.manager("c", "t")
				for _, id := range []string{"a", "b"} {
					_, err := s.manager(id, "t").Token(t.Context())
					require.Error(t, err)
				}
				synctest.Wait()
				require.Equal(t, c.suspect, s.endpoint.Stats().Suspect)
				_, err := third.Token(t.Context())
				var held *manager.HeldError
				require.Equal(t, c.suspect, errors.As(err, &held))
				if c.suspect {
					require.Equal(t, c.class, held.Class())
					require.Equal(t, c.class == "time-out", held.Timeout())
				}
			})
		})
	}
}

// TestE2_OneTokenKeepsItsRounds: where one client id alone is in use, its callers still get three attempts.
func TestE2_OneTokenKeepsItsRounds(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		n := 0
		s.set(func(request) error {
			if n++; n < 3 {
				return unavailable()
			}
			return nil
		})
		_, err := s.manager("a", "1").Token(t.Context())
		require.NoError(t, err)
		s.set(down)
		_, err = s.manager("a", "2").Token(t.Context())
		var e *manager.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 3, e.Attempts)
		require.Equal(t, 6, s.count())
		_, err = s.manager("a", "3").Token(t.Context())
		require.ErrorAs(t, err, new(*manager.HeldError))
		require.Equal(t, 6, s.count())
	})
}

// TestE2_A429IsDiscoveredOnce: 200 tokens of one client id, and a Retry-After of 5 minutes.
func TestE2_A429IsDiscoveredOnce(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		s.set(func(r request) error {
			if r.client == "busy" {
				return throttled(5 * minute)
			}
			return nil
		})
		first := s.manager("busy", "0")
		_, err := first.Token(t.Context())
		require.Equal(t, 429, retrieveStatus(err))
		begin := time.Now()
		for i := range 199 {
			m := s.manager("busy", fmt.Sprint(i+1))
			for range 3 {
				_, err := m.Token(t.Context())
				var held *manager.HeldError
				require.ErrorAs(t, err, &held)
				require.True(t, held.Throttled)
				require.Equal(t, "throttled", held.Class())
				require.Equal(t, 429, held.Status)
				require.Equal(t, 429, retrieveStatus(err))
				var e *manager.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, begin.Add(5*minute), e.NextAttempt.In(begin.Location()))
			}
		}
		require.Equal(t, 1, s.count())
		_, err = s.manager("other", "1").Token(t.Context())
		require.NoError(t, err)

		time.Sleep(time.Until(begin.Add(5*minute - 1)))
		require.Equal(t, 2, s.count())
		s.set(nil)
		time.Sleep(second)
		require.Equal(t, 201, s.count(), "whatever was wanted is fetched after that, one of them first")
		at := s.seen()[2].at
		require.True(t, s.seen()[3].at.Sub(at) >= s.takes)
	})
}

// TestE3_CallersComeBeforeRefreshes: when the probe succeeds.
func TestE3_CallersComeBeforeRefreshes(t *testing.T) {
	inSite(t, 2, func(t *testing.T, s *site) {
		var refreshing []*manager.Manager
		read := func() {
			for _, m := range refreshing {
				_, _ = m.Token(t.Context())
			}
		}
		for i := range 10 {
			refreshing = append(refreshing, s.manager(fmt.Sprint("r", i), "refresh"))
		}
		read()
		s.set(down)
		time.Sleep(52 * minute) // all are past their refresh time, and usable
		read()
		time.Sleep(minute)
		require.True(t, s.endpoint.Stats().Suspect)
		var callers []*manager.Manager
		for i := range 10 {
			callers = append(callers, s.manager(fmt.Sprint("c", i), "caller"))
		}
		for !time.Now().Before(s.endpoint.Stats().NextProbe) {
			time.Sleep(ms)
		}
		time.Sleep(time.Until(s.endpoint.Stats().NextProbe) - ms)
		for _, m := range callers {
			_, err := m.Token(t.Context())
			require.ErrorAs(t, err, new(*manager.HeldError))
		}
		before := s.count()
		s.set(nil)
		time.Sleep(minute)
		read()
		var order []string
		for _, r := range s.seen()[before:] {
			order = append(order, r.name)
		}
		require.GreaterOrEqual(t, len(order), 15, "%v", order)
		last := len(order) - 1 - slices.Index(reversed(order), "caller")
		firstRefresh := slices.Index(order[1:], "refresh") + 1
		require.Less(t, last, firstRefresh+2, "%v", order) // two may start at the same moment
	})
}

func reversed(s []string) []string {
	r := slices.Clone(s)
	slices.Reverse(r)
	return r
}

// TestE4_RefreshTimesSpread: tokens that were fetched at the same moment are not due at the same moment.
func TestE4_RefreshTimesSpread(t *testing.T) {
	inSite(t, 1000, func(t *testing.T, s *site) {
		var wg sync.WaitGroup
		for i := range 500 {
			m := s.manager(fmt.Sprint("tenant-", i), "t")
			wg.Go(func() { m.Token(t.Context()) })
		}
		wg.Wait()
		begin := time.Now().Add(-s.takes)
		deciles := make([]int, 10)
		width := 20 * (hour - 10*second) / 100
		for _, m := range s.managers {
			at := m.Stats().RefreshTime.Sub(begin) - 65*(hour-10*second)/100
			deciles[min(int(10*at/width), 9)]++
		}
		for i, n := range deciles {
			require.Greater(t, n, 20, "tenth %d of the jitter: %v", i, deciles)
		}
	})
}

// TestM14_CloseWhileAFetchWaits: Close does not wait for the queue, and leaves nothing in it.
func TestM14_CloseWhileAFetchWaits(t *testing.T) {
	inSite(t, 1, func(t *testing.T, s *site) {
		s.takes = 4 * second
		go s.manager("a", "1").Token(t.Context())
		synctest.Wait()
		m := s.manager("b", "1")
		errs := make(chan error, 1)
		go func() { _, err := m.Token(t.Context()); errs <- err }()
		synctest.Wait()
		begin := time.Now()
		m.Close()
		require.ErrorIs(t, <-errs, manager.ErrClosed)
		require.Equal(t, begin, time.Now())
		synctest.Wait()
		require.Zero(t, s.endpoint.Stats().Waiting)
	})
}

// TestM20_RefreshDoesNotWaitForTheEndpointsBackoff: an operator may know better.
func TestM20_RefreshDoesNotWaitForTheEndpointsBackoff(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		s.set(down)
		a, b := s.manager("a", "1"), s.manager("b", "1")
		a.Token(t.Context())
		b.Token(t.Context())
		_, err := b.Token(t.Context())
		require.Error(t, err)
		s.set(nil)
		begin := time.Now()
		_, err = b.Refresh(t.Context())
		require.NoError(t, err)
		require.Equal(t, s.takes, time.Since(begin))
		synctest.Wait()
		require.False(t, s.endpoint.Stats().Suspect)
		time.Sleep(second) // a's own backoff is its own (M9)
		_, err = a.Token(t.Context())
		require.NoError(t, err)
	})
}

func TestEndpoint_Config(t *testing.T) {
	_, err := manager.NewEndpoint(manager.EndpointConfig{MaxInFlight: -1})
	require.ErrorContains(t, err, "MaxInFlight")
	e, err := manager.NewEndpoint(manager.EndpointConfig{Clock: clock.NewMock()})
	require.NoError(t, err)
	require.False(t, strings.Contains(fmt.Sprintf("%+v %#v", e, e), "mailbox"))
}

func response(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h}
}

func unavailable() error { return &oauth2.RetrieveError{Response: response(503)} }

func throttled(wait time.Duration) error {
	return &oauth2.RetrieveError{Response: response(429, "Retry-After", fmt.Sprint(wait.Seconds()))}
}

type timeout struct{}

func (timeout) Error() string { return "no response in time" }
func (timeout) Timeout() bool { return true }

// retrieveStatus is the status of an error, as code reads it that knows x/oauth2 only.
func retrieveStatus(err error) int {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return e.Response.StatusCode
	}
	return 0
}
