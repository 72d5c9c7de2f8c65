// Command bench measures alf beside the libraries a Go user would pick instead, and beside the floors, in one run: what
// it costs to read a token and to send a request, what happens while tokens are refreshed, in storms and outages, what
// an idle manager weighs, what gRPC and telemetry cost, what alf proxy costs beside nginx and haproxy, and what
// processes that share a token cost together. It prints tables, and after a whole run writes RESULTS.md and the
// pictures beside it.
//
//	go -C bench run .                     all of it, about 18 minutes
//	go -C bench run . --only read,send    some of it; nothing is written without --write
//	go -C bench run . --short             the exact counts, one small round of the rest, no fleet and no proxy; for CI
//
// Every comparison interleaves its contestants within the run. Exit codes: 0, whatever the times were; 1 if a count was
// not the expected one; 2 for wrong use.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alf-go/alf/internal/fleet"
)

// bench is one run.
type bench struct {
	t          *testing.T // for virtual time
	short      bool
	factor     float64 // of rounds
	out        io.Writer
	progress   *progress
	point      string
	miscounted int
}

// point is a part of the run.
type point struct {
	name  string
	run   func(b *bench) section
	exact bool // its goals are counts, which a short run determines as well as a long one
	asked bool // a short run does it only if it is named, because it takes too long for every change
}

var points = []point{
	{name: "read", run: reading},
	{name: "send", run: sending},
	{name: "proof", run: dpopProofs},
	{name: "endtoend", run: endToEnd},
	{name: "refresh", run: refreshing},
	{name: "storms", run: inStorms, exact: true},
	{name: "shared", run: sharing, exact: true},
	{name: "weight", run: weighing},
	{name: "watch", run: watching},
	{name: "growth", run: growing},
	{name: "pool", run: pooling},
	{name: "many", run: keepingMany, exact: true},
	{name: "fleet", run: inFleet, exact: true, asked: true},
	{name: "grpc", run: callingGRPC},
	{name: "telemetry", run: observing},
	{name: "proxy", run: proxying, asked: true},
}

type options struct {
	short  bool
	only   []string
	write  bool
	factor float64
}

func main() {
	if fleet.IsProcess() {
		os.Exit(fleet.Main(fleetProgram))
	}
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	// Virtual time is available from package testing alone, so all of the run is a test. It ends the program itself.
	os.Args = os.Args[:1]
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "bench", F: func(t *testing.T) {
		os.Exit(run(t, o))
	}}}, nil, nil)
}

func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(usage)
	only := flags.String("only", "", "the `points` to run, separated by commas: "+strings.Join(names(), ", "))
	flags.BoolVar(&o.short, "short", false, "check the counts of the storms, give everything else one small round, and leave out the fleet and the proxy unless they are named")
	flags.BoolVar(&o.write, "write", false, "with --only: replace these points in RESULTS.md")
	flags.Float64Var(&o.factor, "rounds", 1, "multiply the number of rounds by `factor`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q: there are no arguments, only flags", flags.Arg(0))
	}
	if !(o.factor > 0 && o.factor <= 100) {
		return o, fmt.Errorf("--rounds %v: use a factor above 0, and 100 at most", o.factor)
	}
	if o.write && (*only == "" || o.short) {
		return o, errors.New("--write goes with --only, and not with --short: a whole run writes without it")
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(names(), name) {
			return o, fmt.Errorf("--only %s: there is no such point: use %s", name, strings.Join(names(), ", "))
		}
	}
	return o, nil
}

func names() (all []string) {
	for _, p := range points {
		all = append(all, p.name)
	}
	return all
}

func run(t *testing.T, o options) (exit int) {
	b := &bench{t: t, short: o.short, factor: o.factor, out: os.Stdout, progress: newProgress(os.Stderr)}
	host := thisMachine()
	fmt.Fprintf(b.out, "%s\n\n", host)
	var sections []section
	for _, p := range points {
		if o.only != nil && !slices.Contains(o.only, p.name) || o.only == nil && o.short && p.asked {
			continue
		}
		b.point = p.name
		b.progress.say(p.name, "starting")
		s := p.run(b)
		b.progress.clear()
		if b.short && !p.exact {
			s.clearGoals()
		}
		fmt.Fprintln(b.out, s.plain())
		sections = append(sections, s)
	}
	fmt.Fprintf(b.out, "%s. %s\n", time.Since(b.progress.began).Round(time.Second), summary(sections))
	if err := save(o, host, sections); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if b.miscounted > 0 {
		return 1
	}
	return 0
}

// save writes what was measured, unless it was too little for that.
func save(o options, host machine, sections []section) error {
	switch {
	case o.write:
		return update(".", time.Now(), sections)
	case o.only == nil && !o.short:
		return write(".", host, sections)
	}
	return nil
}

// rounds scales a number of rounds.
func (b *bench) rounds(n int) int {
	if b.short {
		return 1
	}
	return max(1, int(float64(n)*b.factor))
}

// scaled chooses a size.
func (b *bench) scaled(whole, short int) int {
	if b.short {
		return short
	}
	return whole
}

// slice chooses the length of a timed slice.
func (b *bench) slice(whole time.Duration) time.Duration {
	if b.short {
		return min(whole, 100*time.Millisecond)
	}
	return whole
}

// step returns what shows the progress of one step.
func (b *bench) step(what string) func(done, of int) {
	return func(done, of int) { b.progress.say(b.point, fmt.Sprintf("%s, %d of %d", what, done, of)) }
}
