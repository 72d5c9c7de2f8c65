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
			"no store. Each is an ordinary user of the client that sends an API request every 250 ms. Token endpoint and API are one server on the "+
			"loopback address, which counts. Times come from the processes themselves, which have one clock. Tokens have 1,000 bytes and live for "+
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

// figures collects the rows of this point.
type figures struct {
	b       *bench
	section *section
	n       int // processes
	program string

	mu   sync.Mutex // a short run plays several parts at a time
	rows []figure
}

// figure is a row of one of the tables.
type figure struct {
	table int
	rank  int
	cells []string
}

// The tables, and what is in their columns.
const (
	requestsTable = iota
	timesTable
	idleTable
	readTable
)

var fleetTables = []table{
	{title: "Token requests", heads: []string{"", "shared", "failed", "expected", "no store", "one process"}},
	{title: "Time", heads: []string{"", "with a store: first", "last", "without: first", "last", "last, relative"}},
	{title: "An idle process", heads: []string{"", "with a store", "without", "more"}},
	{title: "One process, and the program again and again", heads: []string{"", "with a store", "without", "relative"}},
}

// say shows what goes on.
func (f *figures) say(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.b.progress.say(f.b.point, what)
}

// row adds a row to a table.
func (f *figures) row(table, rank int, cells ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = append(f.rows, figure{table, rank, cells})
}

// promise is a goal about counts: the run fails if it is missed.
func (f *figures) promise(reached bool, what, numbers string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.section.check(reached, what, numbers)
	if !reached {
		f.b.miscounted++
	}
}

// aim is a goal about times and sizes, which a short run does not decide.
func (f *figures) aim(reached bool, what, numbers string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.section.check(reached, what, numbers)
	f.undecided()
}

// compare is an aim about ratios.
func (f *figures) compare(ratios sample, limit float64, what, more string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.section.compare([]sample{ratios}, limit, false, what, more)
	f.undecided()
}

// undecided takes back the last goal, if the run is short.
func (f *figures) undecided() {
	if f.b.short {
		f.section.goals[len(f.section.goals)-1].status = undecided
	}
}

// measure plays all parts.
func (f *figures) measure() error {
	var err error
	if f.b.short {
		err = f.atOnce(
			func() error { return f.play([3]int{f.n, f.n, 0}, f.cold, f.revoked, f.killed, f.stopped, f.push) },
			func() error { return f.play([3]int{f.n, 0, 1}, f.lifetimes) },
			func() error { return f.play([3]int{f.n, f.n, 1}, f.outage) },
			func() error { return f.play([3]int{f.n, 0, 0}, f.storeDown) },
		)
	} else {
		err = f.play([3]int{f.n, f.n, 1}, f.cold, f.revoked, f.killed, f.stopped, f.push, f.lifetimes, f.outage, f.storeDown)
	}
	for _, part := range []func() error{f.idle, f.reading, f.commands, f.simulated} {
		err = errors.Join(err, part())
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

// longest is how long parts may take.
const longest = 5 * time.Minute

// play plays parts one after the other with the same processes: so many that share, that do not, and that are alone.
func (f *figures) play(sizes [3]int, parts ...func(context.Context, *teams) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	t, err := f.start(ctx, sizes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	for _, part := range parts {
		if err := part(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
