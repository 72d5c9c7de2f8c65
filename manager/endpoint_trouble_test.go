package manager_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

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

// selfClassified is an error that says itself whether the endpoint did not work.
type selfClassified bool

func (selfClassified) Error() string   { return "no token" }
func (s selfClassified) Trouble() bool { return bool(s) }

// TestE2_ErrorsOfOtherFetchers: what counts as trouble, where two client ids meet it.
func TestE2_ErrorsOfOtherFetchers(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		suspect bool
		class   string
	}{
		"says so":            {selfClassified(true), true, "connection failure"},
		"says it is none":    {selfClassified(false), false, ""},
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
