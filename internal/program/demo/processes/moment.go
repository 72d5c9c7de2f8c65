package processes

import (
	"context"
	"slices"
	"time"
)

// moment is one in the life of a fleet, from which on something is to be seen.
type moment struct {
	fleet  *fleet
	at     time.Time
	events int             // that there were
	tokens map[string]bool // that processes had, by their fingerprints
}

// now is this moment.
func (f *fleet) now() moment {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := moment{fleet: f, at: time.Now(), events: len(f.events), tokens: map[string]bool{"": true}}
	for _, p := range f.running {
		m.tokens[p.token] = true
	}
	return m
}

// first waits for the first event of a kind.
func (m moment) first(ctx context.Context, kind noticeKind, what string) (found event, err error) {
	err = m.fleet.await(ctx, what, func() bool {
		for _, e := range m.fleet.events[m.events:] {
			if e.kind == kind {
				found = e
				return true
			}
		}
		return false
	})
	return found, err
}

// replaced waits until every process has a token that none had at this moment, except for one process; nil: for none.
// It returns when the last of them got it.
func (m moment) replaced(ctx context.Context, except *process) (last time.Time, err error) {
	err = m.fleet.await(ctx, "to replace the token", func() bool {
		got := map[*process]time.Time{}
		for _, e := range m.fleet.events[m.events:] {
			if _, before := got[e.from]; e.kind == hasToken && !m.tokens[e.token] && !before {
				got[e.from] = e.at
			}
		}
		last = time.Time{}
		for _, p := range m.fleet.running {
			at, ok := got[p]
			switch {
			case p == except:
			case !ok:
				return false
			case at.After(last):
				last = at
			}
		}
		return true
	})
	return last, err
}

// had reports whether a process has got a token since that none had at this moment.
func (m moment) had(p *process) bool {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	return slices.ContainsFunc(m.fleet.events[m.events:], func(e event) bool {
		return e.from == p && e.kind == hasToken && !m.tokens[e.token]
	})
}

// displaced is how many processes other than one have got a token since that none had at this moment.
func (m moment) displaced(by *process) (n uint64) {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	for _, e := range m.fleet.events[m.events:] {
		if e.from != by && e.kind == hasToken && !m.tokens[e.token] {
			n++
		}
	}
	return n
}

// settled waits until every process has reported what it has counted up to now, and all that share a token have the
// same one.
func (f *fleet) settled(ctx context.Context) error {
	now := time.Now()
	if err := f.await(ctx, "to report their counts", func() bool {
		return !slices.ContainsFunc(f.running, func(p *process) bool { return p.counted.Before(now) })
	}); err != nil || f.task.Store == "" {
		return err
	}
	return f.await(ctx, "to agree on one token", func() bool {
		return !slices.ContainsFunc(f.running, func(p *process) bool { return p.token != f.running[0].token })
	})
}
