package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// TestM18_StatsAgreeWithTheEvents: what Stats counts is what the hook received, in the midst of things and when all is
// over, and it says of the token what the last event about it said.
func TestM18_StatsAgreeWithTheEvents(t *testing.T) {
	inSomeWorlds(t, func(t *testing.T, seen *seen) {
		requireCounts(t, seen.events[:seen.beforeThat], seen.before)
		requireCounts(t, seen.events, seen.after)
		require.True(t, seen.after.Closed)
		require.Zero(t, seen.after.Waiting)
		require.False(t, seen.after.Fetching || seen.after.Ready)

		var token alf.Event // the last word about it
		for _, e := range seen.events[:seen.beforeThat] {
			if e.Kind == manager.Published || e.Kind == manager.Withdrawn {
				token = e
			}
		}
		require.Equal(t, token.Kind == manager.Published, seen.before.Ready)
		require.False(t, seen.before.Fetching)
		if seen.before.Ready {
			require.Equal(t, token.Token, seen.before.Token)
			require.Equal(t, token.Until, seen.before.EffectiveExpiry)
		}
	})
}

// TestM18_EverythingTheHookReceivesIsLogged, and counted if it did not fit.
func TestM18_EverythingTheHookReceivesIsLogged(t *testing.T) {
	inSomeWorlds(t, func(t *testing.T, seen *seen) {
		require.Zero(t, seen.after.EventsDropped)
		logged := logLines(t, seen)
		require.Len(t, logged, len(seen.events))
		for i, e := range seen.events {
			require.Equal(t, "alf: "+string(e.Kind), logged[i].Msg)
			require.Equal(t, e.Fetch, logged[i].Fetch)
			require.Equal(t, e.Token, logged[i].Token)
		}
	})
}

// requireCounts: suppressions are reported once in each wait, with a count, so those of the present wait are not
// reported yet.
func requireCounts(t *testing.T, events []alf.Event, stats alf.Stats) {
	t.Helper()
	want, got := counted(events), counts(stats)
	require.LessOrEqual(t, want.Suppressed, got.Suppressed)
	require.Equal(t, want.Suppressed > 0, got.Suppressed > 0)
	want.Suppressed = got.Suppressed
	require.Equal(t, want, got)
}

// counts is the part of Stats that counts events.
func counts(s alf.Stats) manager.Stats {
	c := s.Stats
	return manager.Stats{
		Fetches: c.Fetches, FetchesBy: c.FetchesBy,
		Succeeded: c.Succeeded, Failed: c.Failed, Permanent: c.Permanent, ExpiredOnArrival: c.ExpiredOnArrival,
		Abandoned: c.Abandoned, LateResults: c.LateResults,
		Published: c.Published, Rejected: c.Rejected, Suppressed: c.Suppressed, Guarded: c.Guarded, BackoffsLifted: c.BackoffsLifted, BackedOff: c.BackedOff, WentIdle: c.WentIdle,
	}
}

// counted is the same by the hook.
func counted(events []alf.Event) manager.Stats {
	s := manager.Stats{FetchesBy: map[manager.Cause]uint64{}}
	for _, e := range events {
		switch e.Kind {
		case manager.FetchStarted:
			s.Fetches++
			s.FetchesBy[e.Cause]++
		case manager.FetchEnded:
			countEnded(&s, e.Class)
		case manager.FetchAbandoned:
			s.Abandoned++
		case manager.LateResult:
			s.LateResults++
		case manager.Published:
			s.Published++
		case manager.Rejected:
			s.Rejected++
		case manager.Suppressed:
			s.Suppressed += e.Count
		case manager.Guarded:
			s.Guarded++
		case manager.BackoffLifted:
			s.BackoffsLifted++
		case manager.BackedOff:
			s.BackedOff++
		case manager.Idle:
			s.WentIdle++
		}
	}
	return s
}

func countEnded(s *manager.Stats, c manager.Class) {
	switch c {
	case manager.ClassOK:
		s.Succeeded++
	case manager.ClassExpiredOnArrival:
		s.ExpiredOnArrival++
	case manager.ClassPermanent:
		s.Permanent++
		s.Failed++
	case manager.ClassTransient:
		s.Failed++
	}
}
