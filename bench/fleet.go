package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// inFleet is point 13: one token for all processes (D1 to D9).
func inFleet(b *bench) section {
	n := b.scaled(200, 12)
	s := section{
		title: "One token for all processes",
		text: fmt.Sprintf("%d processes of the operating system share a token through a redis-server of the bench's own; as many beside them have "+
			"no store. The redis-server has a higher priority than they, since as a rule it has a machine of its own. Each is an ordinary user of the client that sends an API request every 250 ms. Token endpoint and API are one server on the "+
			"loopback address, which counts; a token request takes 100 ms. Times come from the processes themselves, which have one clock. Tokens have 1,000 bytes and live for "+
			"an hour unless a row says otherwise. They are refreshed at three quarters of their effective lifetime, without jitter, so that what is "+
			"fewest is one number. Failed are API requests.", n),
	}
	program, err := exec.LookPath("redis-server")
	if err != nil {
		s.notes = append(s.notes, "Nothing of this was measured: redis-server is not installed. It is in Debian's package redis-server.")
		return s
	}
	f := &figures{b: b, section: &s, n: n, program: program}
	if err := f.measure(); err != nil {
		b.miscounted++
		s.check(false, "the processes do what they are asked to do", err.Error())
	}
	return s
}

// figures collects what was measured.
type figures struct {
	b       *bench
	section *section
	n       int // processes
	program string

	mu   sync.Mutex // a short run plays several parts at a time
	rows []figure
}

// say shows what goes on.
func (f *figures) say(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.b.progress.say(f.b.point, what)
}

// step shows the progress of one step.
func (f *figures) step(what string) func(done, of int) {
	return func(done, of int) { f.say(fmt.Sprintf("%s, %d of %d", what, done, of)) }
}

// part is a part of this point, and whether it may be played again if the machine was too busy for it.
type part struct {
	name string
	play func(context.Context, *teams, *sheet) error
	at   playedAgain
}

type playedAgain int

const (
	neither     playedAgain = iota
	asItIs                  // with the same processes
	fromScratch             // with new ones
)

// measure plays all parts.
func (f *figures) measure() error {
	cold, revoked := part{"a cold start", f.cold, fromScratch}, part{"a revocation", f.revoked, asItIs}
	killed, stopped := part{"the process that fetches is killed", f.killed, asItIs}, part{"the process that fetches is stopped", f.stopped, asItIs}
	push, lifetimes := part{"pushes", f.push, asItIs}, part{"tokens of 3 s", f.lifetimes, asItIs}
	outage, storeDown := part{"an outage of the endpoint", f.outage, asItIs}, part{"Redis is down", f.storeDown, neither}
	idle := part{"idle processes", f.idle, neither}
	few := f.b.scaled(20, 4)
	// What an idle process costs is measured with new ones: what earlier parts have left in their memory would count,
	// too.
	others := []func() error{
		func() error { return f.play([3]int{few, few, 0}, idle) },
		func() error { return f.own(f.reading) }, func() error { return f.own(f.commands) }, func() error { return f.own(f.simulated) },
	}
	var err error
	if f.b.short {
		err = f.atOnce(append(
			others,
			func() error { return f.play([3]int{f.n, f.n, 0}, cold, revoked, killed, stopped, push) },
			func() error { return f.play([3]int{f.n, 0, 1}, lifetimes) },
			func() error { return f.play([3]int{f.n, f.n, 1}, outage) },
			func() error { return f.play([3]int{f.n, 0, 0}, storeDown) },
		)...)
	} else {
		err = f.play([3]int{f.n, f.n, 1}, cold, revoked, killed, stopped, push, lifetimes, outage, storeDown)
		for _, other := range others {
			err = errors.Join(err, other())
		}
	}
	slices.SortStableFunc(f.rows, func(a, b figure) int { return a.rank - b.rank })
	for i, t := range fleetTables {
		for _, r := range f.rows {
			if r.table == i {
				t.rows = append(t.rows, r.cells)
			}
		}
		if len(t.rows) > 0 {
			f.section.tables = append(f.section.tables, t)
		}
	}
	return err
}

// atOnce plays parts at the same time: what they count does not depend on that.
func (f *figures) atOnce(parts ...func() error) error {
	errs := make([]error, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() { errs[i] = part() })
	}
	running.Wait()
	return errors.Join(errs...)
}

// own plays a part without processes of that kind.
func (f *figures) own(play func(*sheet) error) error {
	s := f.newSheet()
	err := play(s)
	f.keep(s)
	return err
}

// longest is how long parts may take.
const longest = 8 * time.Minute

// play plays parts one after the other with the same processes: so many that share, that do not, and that are alone.
func (f *figures) play(sizes [3]int, parts ...part) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	t, err := f.start(ctx, sizes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	for _, p := range parts {
		if err := f.attempts(ctx, t, sizes, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// mostAttempts is how often a part is played at most.
const mostAttempts = 3

// attempts plays a part. A store that takes longer than it may, because the machine is busy, is one that does not work:
// then each process fetches by itself (D4). A count that was missed for that reason is determined again.
func (f *figures) attempts(ctx context.Context, t *teams, sizes [3]int, p part) error {
	for attempt := 1; ; attempt++ {
		f.say(p.name)
		s := f.newSheet()
		before, err := t.shared.storeErrors(ctx)
		if err != nil {
			return err
		}
		if err := p.play(ctx, t, s); err != nil {
			return err
		}
		after, err := t.shared.storeErrors(ctx)
		if err != nil {
			return err
		}
		if s.missed == 0 || after == before || attempt == mostAttempts || p.at == neither {
			if attempt > 1 {
				s.note(fmt.Sprintf("Of %q the last of %d attempts counts: the machine was too busy for the store's time limit.", p.name, attempt))
			}
			f.keep(s)
			return nil
		}
		if p.at == fromScratch {
			if err := t.close(); err != nil {
				return err
			}
			started, err := f.start(ctx, sizes)
			if err != nil {
				return err
			}
			*t = *started
		}
	}
}
