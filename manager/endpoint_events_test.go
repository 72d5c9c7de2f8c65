package manager_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// endpointEvents are those of an endpoint that a site uses instead of its own.
type endpointEvents struct {
	eventLog
	text bytes.Buffer
}

func (s *site) observed() *endpointEvents {
	var o endpointEvents
	e, err := manager.NewEndpoint(manager.EndpointConfig{
		Name:   "https://auth.example.com/token",
		Hook:   o.note,
		Logger: slog.New(slog.NewTextHandler(&o.text, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(s, err)
	s.endpoint = e
	return &o
}

func kindsOf(events []manager.Event) (kinds []manager.EventKind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// TestE2_AnEndpointReportsWhatItDecides: suspicion, probes, recovery, each with class, status and time, and no text of
// any client's response.
func TestE2_AnEndpointReportsWhatItDecides(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		observed := s.observed()
		s.set(func(r request) error {
			return &oauth2.RetrieveError{Response: response(503), ErrorCode: "server_error", ErrorDescription: "confidential text for " + r.client}
		})
		a, b := s.manager("a", "1"), s.manager("b", "1")
		_, err := a.Token(t.Context())
		require.Error(t, err)
		require.Empty(t, observed.take(), "what one client id meets may be its own trouble")
		begin := time.Now()
		_, err = b.Token(t.Context())
		require.ErrorContains(t, err, "confidential text for b")
		events := observed.take()
		require.Equal(t, manager.EndpointSuspect, events[0].Kind)
		require.Equal(t, manager.EndpointProbed, events[1].Kind)
		require.Equal(t, manager.ProbeFailed, events[len(events)-1].Kind)
		for _, e := range events {
			require.Equal(t, "https://auth.example.com/token", e.Endpoint)
			require.Equal(t, 503, e.Status, e.Kind)
			require.Equal(t, manager.ClassServerError, e.Class, e.Kind)
			require.False(t, e.Time.Before(begin), e.Kind)
			if e.Kind != manager.EndpointProbed {
				require.True(t, e.Until.After(e.Time), e.Kind)
			}
			require.Empty(t, e.ClientID)
		}
		stats := s.endpoint.Stats()
		require.True(t, stats.Suspect)
		require.EqualValues(t, 1, stats.Suspected)
		require.Equal(t, events[len(events)-1].Until, stats.NextProbe.In(events[0].Until.Location()))

		s.set(nil)
		time.Sleep(time.Until(stats.NextProbe))
		_, err = b.Token(t.Context())
		require.NoError(t, err)
		after := observed.take()
		require.Equal(t, []manager.EventKind{manager.EndpointProbed, manager.EndpointRecovered}, kindsOf(after))
		probes := 0
		for _, k := range append(kindsOf(events), kindsOf(after)...) {
			if k == manager.EndpointProbed {
				probes++
			}
		}
		require.EqualValues(t, probes, s.endpoint.Stats().Probes)

		log := observed.text.String()
		require.Contains(t, log, `level=WARN msg="alf: endpoint suspect" endpoint=https://auth.example.com/token class="server error" status=503 until=`)
		require.Contains(t, log, `level=DEBUG msg="alf: endpoint probed"`)
		require.Contains(t, log, `level=INFO msg="alf: endpoint recovered"`)
		require.NotContains(t, log+fmt.Sprintf("%+v", append(events, after...)), "confidential")
	})
}

// TestE2_AHoldIsReportedWithItsClientID, once, however many tokens it holds.
func TestE2_AHoldIsReportedWithItsClientID(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		observed := s.observed()
		s.set(func(r request) error {
			if r.client == "busy" {
				return throttled(5 * minute)
			}
			return nil
		})
		begin := time.Now()
		for i := range 50 {
			_, err := s.manager("busy", fmt.Sprint(i)).Token(t.Context())
			require.Error(t, err)
		}
		_, err := s.manager("other", "1").Token(t.Context())
		require.NoError(t, err)
		events := observed.take()
		require.Len(t, events, 1)
		e := events[0]
		require.Equal(t, manager.ClientHeld, e.Kind)
		require.Equal(t, "busy", e.ClientID)
		require.Equal(t, 429, e.Status)
		require.WithinDuration(t, begin.Add(5*minute), e.Until, second)
		require.EqualValues(t, 1, s.endpoint.Stats().Held)
		require.Contains(t, observed.text.String(), `level=WARN msg="alf: client id on hold" endpoint=https://auth.example.com/token client_id=busy status=429`)
	})
}

// TestM18_AHookOfAnEndpointThatPanicsIsCounted, and one that blocks delays no token.
func TestM18_AHookOfAnEndpointThatPanicsIsCounted(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		blocked := make(chan struct{})
		e, err := manager.NewEndpoint(manager.EndpointConfig{
			Hook:   func(manager.Event) { <-blocked; panic("in the hook") },
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		s.endpoint = e
		s.set(func(r request) error {
			if r.client == "busy" {
				return throttled(minute)
			}
			return nil
		})
		_, err = s.manager("busy", "1").Token(t.Context())
		require.Error(t, err)
		_, err = s.manager("other", "1").Token(t.Context())
		require.NoError(t, err)
		require.Zero(t, e.Stats().HookPanics)
		close(blocked)
		synctest.Wait()
		require.EqualValues(t, 1, e.Stats().HookPanics)
	})
}
