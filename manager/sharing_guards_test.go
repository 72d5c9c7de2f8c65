package manager_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// visit is a request to a path of the API, as the client makes it, outcomes included. A path that is forbidden rejects
// every token.
func (f *fleet) visit(m *manager.Manager, path string, forbidden bool) error {
	target := fleetAPI + path
	t, err := m.TokenFor(f.Context(), target)
	if err != nil {
		return err
	}
	accepts := func() bool { return !forbidden && f.endpoint.accepts(t.Value()) }
	if accepts() {
		if m.ObservesOutcomes() {
			m.ReportOutcome(manager.Outcome{Token: t, Origin: target, Accepted: true, Sent: time.Now()})
		}
		return nil
	}
	if t, err = m.Replace(f.Context(), t, target); err != nil {
		return err
	}
	accepted := accepts()
	m.ReportOutcome(manager.Outcome{Token: t, Origin: target, Retry: true, Accepted: accepted, Sent: time.Now()})
	if !accepted {
		return errors.New("401")
	}
	return nil
}

// One path lacks a permission. Behind the guard that this puts up, a token that is really revoked is replaced at once
// for the paths that have accepted one: in one process as in many (D5, M13).
func TestD5_APathThatAcceptsTokensIsServedBehindTheGuard(t *testing.T) {
	for _, n := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, n)
			defer f.close()
			f.endpoint.life = 24 * time.Hour
			for second := range 3600 {
				if second == 1500 {
					f.endpoint.revokeAll()
				}
				for i, m := range f.managers {
					require.NoError(t, f.visit(m, "/orders", false), "%d processes, process %d, second %d", n, i, second)
					require.Error(t, f.visit(m, "/admin", true))
				}
				time.Sleep(time.Second)
			}
			require.LessOrEqual(t, f.endpoint.count(), 68, "%d processes", n)
		})
	}
}

// A rejection that is suppressed during an outage says nothing about the API, so the store does not hear of it (D5).
func TestD5_ARejectionDuringABackoffIsNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		m := f.managers[0]
		token, err := m.Token(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		f.endpoint.fails = func(int) error { return selfClassified(true) }
		_, err = m.Replace(t.Context(), token, fleetAPI)
		require.Error(t, err)
		require.ErrorIs(t, m.Invalidate(token, "https://other.example.com:443/"), manager.ErrSuppressed)
		time.Sleep(time.Second)
		require.Zero(t, f.store.Count(store.Outcome))
	})
}
