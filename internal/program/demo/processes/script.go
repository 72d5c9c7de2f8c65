package processes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/program/demo/narrator"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/subprocess"
)

// script is the demonstration while it runs. Three fleets play it side by side: one that shares its token, one without
// a store, and for comparison a single process without one.
type script struct {
	options  Options
	narrator *narrator.Narrator

	shared, separate, single *fleet
}

// fleets are those that there are.
func (s *script) fleets() (all []*fleet) {
	for _, f := range []*fleet{s.shared, s.separate, s.single} {
		if f != nil {
			all = append(all, f)
		}
	}
	return all
}

func (s *script) close() { _ = s.each(false, func(f *fleet) error { f.close(); return nil }) }

// each does something with all fleets: at the same time, or with one after the other.
func (s *script) each(apart bool, do func(f *fleet) error) error {
	fleets := s.fleets()
	errs := make([]error, len(fleets))
	var running sync.WaitGroup
	for i, f := range fleets {
		running.Go(func() { errs[i] = do(f) })
		if apart {
			running.Wait()
		}
	}
	running.Wait()
	return errors.Join(errs...)
}

// limit is when an act ends whatever has happened: far above what it takes, for a machine that has no time for it.
func (s *script) limit() time.Duration { return 5*time.Minute + s.options.Lifetime }

// play goes through the acts.
func (s *script) play(ctx context.Context) (*Report, error) {
	start := time.Now()
	r := &Report{Processes: s.options.Processes, Callers: s.options.Callers}
	s.narrator.Start(s.status)
	defer s.narrator.End()
	s.narrator.Begin("start", fmt.Sprintf("%s processes that share a token, as many that do not, and one alone", format.Count(s.options.Processes)))
	limited, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	if err := s.each(false, func(f *fleet) error { return f.startAll(limited) }); err != nil {
		if ctx.Err() != nil {
			r.Stopped = "start"
			return r, nil
		}
		return nil, err
	}
	for _, a := range s.acts() {
		s.narrator.Begin(a.name, a.about)
		measured, err := s.perform(ctx, a)
		if ctx.Err() != nil {
			r.Stopped = a.name
			break
		}
		r.Acts = append(r.Acts, measured)
		if err != nil {
			r.Unfinished = a.name + ": " + err.Error()
			break
		}
		s.narrator.Outcome(measured.outcome()...)
	}
	r.Took = time.Since(start)
	for _, f := range s.fleets() {
		r.Requests += f.total().Requests
	}
	r.Thrice = s.shared.api.Counts().Thrice
	r.StoreFailure = s.shared.storeFailure()
	return r, nil
}

// perform has the fleets play one act.
func (s *script) perform(ctx context.Context, a act) (Act, error) {
	played := Act{Name: a.name, Most: a.most, Possible: a.possible, Outage: a.outage, Late: a.pauses}
	if a.pauses && !subprocess.CanSuspend {
		played.LeftOut = "this operating system cannot stop a process and continue it"
		return played, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	measured := map[*fleet]*Measured{s.shared: &played.Shared, s.separate: &played.Separate, s.single: &played.Single}
	if a.others {
		delete(measured, s.single)
	}
	before := map[*fleet]counts{}
	for f, m := range measured {
		before[f], m.TokenRequests = f.total(), f.tokenRequests()
	}
	err := s.each(a.apart, func(f *fleet) error {
		if m := measured[f]; m != nil {
			return a.play(ctx, f, m)
		}
		return nil
	})
	if err == nil {
		wait(ctx, linger)
		err = s.each(false, func(f *fleet) error { return f.settled(ctx) })
	}
	for f, m := range measured {
		m.TokenRequests = f.tokenRequests() - m.TokenRequests
		m.count(before[f], f.total())
	}
	return played, err
}

// count notes what was counted from one time to another.
func (m *Measured) count(before, after counts) {
	m.Requests, m.Failed, m.Alone = after.Requests-before.Requests, after.Failed-before.Failed, after.Alone-before.Alone
	m.FirstFailure = after.FirstFailure
	if m.displaced != nil {
		m.Displaced = m.displaced()
	}
}

// status is what the line on the terminal says of the processes.
func (s *script) status() string {
	shared, separate := s.shared.total(), s.separate.total()
	return fmt.Sprintf("%s, %s failed; without a store %s, %s",
		format.Plural(s.shared.tokenRequests(), "token request"), format.Count(shared.Failed),
		format.Count(s.separate.tokenRequests()), format.Count(separate.Failed))
}
