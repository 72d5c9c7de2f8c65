package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/manager"
)

// diary writes a journal by hand. Times are in milliseconds.
type diary struct{ entries []alf.Event }

func at(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }

func (d *diary) add(e alf.Event) { d.entries = append(d.entries, e) }

func (d *diary) started(ms int, cause manager.Cause, attempt int) {
	d.add(alf.Event{Kind: manager.FetchStarted, Time: at(ms), Cause: cause, Attempt: attempt})
}

// fetch is a request that succeeds, with the token it brings.
func (d *diary) fetch(ms int, cause manager.Cause, token uint64, refreshTime int) {
	d.started(ms, cause, 1)
	d.add(alf.Event{Kind: manager.FetchEnded, Time: at(ms), Cause: cause, Attempt: 1, Class: manager.ClassOK})
	d.add(alf.Event{Kind: manager.Published, Time: at(ms), Token: token})
	d.entries[len(d.entries)-1].RefreshTime = at(refreshTime)
}

// fail is a request that does not.
func (d *diary) fail(ms int, cause manager.Cause, attempt int) {
	d.started(ms, cause, attempt)
	d.add(alf.Event{Kind: manager.FetchEnded, Time: at(ms), Cause: cause, Attempt: attempt, Class: manager.ClassTransient})
}

func (d *diary) backOff(ms, until int) {
	d.add(alf.Event{Kind: manager.BackedOff, Time: at(ms), Until: at(until)})
}

func (d *diary) rejected(ms int, token uint64) {
	d.add(alf.Event{Kind: manager.Rejected, Time: at(ms), Token: token})
	d.withdrawn(ms, token)
}

func (d *diary) withdrawn(ms int, token uint64) {
	d.add(alf.Event{Kind: manager.Withdrawn, Time: at(ms), Token: token})
}

// ordinary is a life with everything in it that the rules prescribe.
func ordinary() *diary {
	d := new(diary)
	d.fetch(0, manager.CauseCold, 1, 2000)
	d.fetch(2000, manager.CauseRefresh, 2, 4000)
	d.rejected(3000, 2)
	d.fetch(3000, manager.CauseRejected, 3, 5000)
	// An outage that the token outlives.
	d.fail(5000, manager.CauseRefresh, 1)
	d.backOff(5000, 5300)
	d.fetch(5300, manager.CauseRetry, 4, 7300)
	// One that it does not.
	d.fail(7300, manager.CauseRefresh, 1)
	d.backOff(7300, 8300)
	d.withdrawn(8000, 4)
	d.fail(8000, manager.CauseRetry, 1)
	d.fail(8100, manager.CauseRetry, 2)
	d.fail(8300, manager.CauseRetry, 3)
	d.backOff(8300, 9300)
	d.fail(9300, manager.CauseRetry, 1)
	d.fetch(9400, manager.CauseRetry, 5, 11000)
	return d
}

func TestAudit_WhatIsPrescribedIsTheFewestPossible(t *testing.T) {
	made, fewest := journal.Audit(ordinary().entries, 1)
	require.Equal(t, journal.Purposes{Cold: 1, Refreshes: 3, Revoked: 1, Probes: 6}, made)
	require.Equal(t, made, fewest)
	require.EqualValues(t, 11, made.Total())
}

func TestAudit_FindsWhatWasNotNeeded(t *testing.T) {
	for name, add := range map[string]func(d *diary){
		"a refresh before its refresh time": func(d *diary) { d.fetch(10_000, manager.CauseRefresh, 6, 12_000) },
		"a second one for the same token":   func(d *diary) { d.fail(11_000, manager.CauseRefresh, 1); d.fail(11_000, manager.CauseRefresh, 1) },
		"a replacement of a good token":     func(d *diary) { d.rejected(10_000, 5); d.fetch(10_000, manager.CauseRejected, 6, 12_000) },
		"a probe before the backoff is up": func(d *diary) {
			d.fail(11_000, manager.CauseRefresh, 1)
			d.backOff(11_000, 12_000)
			d.fail(11_500, manager.CauseRetry, 1)
		},
		"one more after it": func(d *diary) {
			d.fail(11_000, manager.CauseRefresh, 1)
			d.backOff(11_000, 12_000)
			d.fail(12_000, manager.CauseRetry, 1)
			d.fail(12_000, manager.CauseRetry, 1)
		},
		"a second cold start": func(d *diary) { d.fetch(10_000, manager.CauseCold, 6, 12_000) },
		"one by hand":         func(d *diary) { d.fetch(10_000, manager.CauseManual, 6, 12_000) },
		"two at once":         func(d *diary) { d.started(11_000, manager.CauseRefresh, 1); d.started(11_001, manager.CauseRefresh, 1) },
		"a fourth attempt in a round": func(d *diary) {
			d.withdrawn(12_000, 5)
			for n := range 4 {
				d.fail(12_000+n*100, manager.CauseRetry, n+1)
			}
		},
		"a round for no reason": func(d *diary) { d.fail(10_000, manager.CauseExpired, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			d := ordinary()
			add(d)
			made, fewest := journal.Audit(d.entries, 1)
			require.Equal(t, fewest.Total()+1, made.Total(), "%+v %+v", made, fewest)
		})
	}
}

func TestAudit_ARequestInFlightServesThoseWhoseTokenIsInvalidated(t *testing.T) {
	d := new(diary)
	d.fetch(0, manager.CauseCold, 1, 2000)
	d.started(2000, manager.CauseRefresh, 1)
	d.withdrawn(2700, 1)
	d.add(alf.Event{Kind: manager.FetchEnded, Time: at(2800), Cause: manager.CauseRefresh, Attempt: 1, Class: manager.ClassTransient})
	d.fail(2900, manager.CauseRetry, 2)
	d.fetch(3100, manager.CauseRetry, 2, 5000)
	made, fewest := journal.Audit(d.entries, 0)
	require.Equal(t, journal.Purposes{Cold: 1, Refreshes: 1, Probes: 2}, made)
	require.Equal(t, made, fewest)
}

func TestAudit_ATokenThatComesAtItsEndHasToBeReplaced(t *testing.T) {
	d := new(diary)
	d.started(0, manager.CauseCold, 1)
	d.add(alf.Event{Kind: manager.FetchEnded, Time: at(2000), Cause: manager.CauseCold, Attempt: 1, Class: manager.ClassExpiredOnArrival})
	d.fetch(2100, manager.CauseExpired, 2, 4000)
	made, fewest := journal.Audit(d.entries, 0)
	require.Equal(t, journal.Purposes{Cold: 1, Probes: 1}, made)
	require.Equal(t, made, fewest)
}
