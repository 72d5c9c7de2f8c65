package program

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/simulation/hunt"
	"github.com/alf-go/alf/internal/simulation/report"
	"github.com/alf-go/alf/internal/simulation/world"
)

// simHunt runs worlds by the thousand.
func (p *program) simHunt(ctx context.Context, cmd *cli.Command) error {
	seeds := cmd.Uint64("seeds")
	if seeds == 0 {
		return exit.Usagef("--seeds is 0: must be 1 at least")
	}
	if first := cmd.Uint64("first"); first+seeds < first {
		return exit.Usagef("--first is too large: there are not so many seeds behind it")
	}
	bar := p.progress()
	r, err := hunt.Run(ctx, hunt.Options{
		First: cmd.Uint64("first"), Seeds: seeds, Once: cmd.Bool("once"),
		Progress: func(done uint64) {
			bar.show("hunting", float64(done)/float64(seeds), format.Count(done)+" of "+format.Plural(seeds, "seed"))
		},
	})
	bar.end()
	if err := writeHunt(p.stdout, r, cmd.Bool("once"), err != nil); err != nil {
		return exit.Failf(exit.Broken, "writing the table: %w", err)
	}
	if f := r.Failure; f != nil {
		if f.Violation == nil {
			fmt.Fprint(p.stdout, "\n"+f.Difference.Error())
			return exit.Failf(exit.Broken, "seed %d is not deterministic", f.Seed)
		}
		writeViolation(p.stdout, f.Violation, fmt.Sprintf("go run ./cmd/alf sim --seed %d --trace", f.Seed))
		return exit.Failf(exit.Broken, "rule %s is broken in the world of seed %d", f.Violation.Rule, f.Seed)
	}
	if err != nil {
		return err
	}
	return p.simFleet(ctx, cmd.Uint64("first"), seeds, cmd.Bool("once"))
}

// fleetPart is how many seeds there are for each world of many tokens, which takes as long as several worlds of one.
const fleetPart = 10

// simFleet runs worlds of many tokens at one endpoint (E1, E2, E3), half of them in a pool (P1, P2, P4).
func (p *program) simFleet(ctx context.Context, first, seeds uint64, once bool) error {
	seeds = (seeds + fleetPart - 1) / fleetPart
	bar := p.progress()
	r, err := hunt.RunFleet(ctx, hunt.Options{
		First: first, Seeds: seeds, Once: once,
		Progress: func(done uint64) {
			bar.show("many tokens", float64(done)/float64(seeds), format.Count(done)+" of "+format.Plural(seeds, "world"))
		},
	})
	bar.end()
	if f := r.Failure; f != nil {
		fmt.Fprintf(p.stdout, "\n%v", f)
		return exit.Failf(exit.Broken, "a rule is broken in the world of many tokens of seed %d", r.Seed)
	}
	if err != nil {
		return err
	}
	s := &r.Stats
	_, err = fmt.Fprintf(p.stdout, "\nMANY TOKENS AT ONE ENDPOINT         %16s  every rule held in each\n"+
		"token requests                      %16s\nsuspected, client ids on hold       %16s\nserved, failed, refused             %16s\n"+
		"created, evicted, forgotten in pools%16s\ncallers whose token left the pool   %16s\nrefused because the pool was full   %16s\n",
		format.Plural(r.Seeds, "world"), format.Count(s.Requests), format.Count(s.Suspected)+", "+format.Count(s.Held),
		format.Count(s.Served)+", "+format.Count(s.Failed)+", "+format.Count(s.Refused),
		format.Count(s.Created)+", "+format.Count(s.Evicted)+", "+format.Count(s.Forgotten), format.Count(s.PassedOn), format.Count(s.Full))
	if err != nil {
		return exit.Failf(exit.Broken, "writing the table: %w", err)
	}
	return nil
}

// writeHunt writes what a hunt has seen: plain text, 80 columns wide at most.
func writeHunt(w io.Writer, r *hunt.Result, once, interrupted bool) error {
	var t strings.Builder
	row := func(name string, figures ...string) {
		fmt.Fprintf(&t, "%-36s%16s", name, figures[0])
		if len(figures) > 1 {
			fmt.Fprintf(&t, "  %s", figures[1])
		}
		t.WriteByte('\n')
	}
	t.WriteByte('\n')
	switch {
	case r.Failure != nil:
		fmt.Fprintf(&t, "%s until seed %d failed\n\n", format.Plural(r.Seeds, "world"), r.Failure.Seed)
	case interrupted:
		fmt.Fprintf(&t, "%s until the interruption: every rule held in each\n\n", format.Plural(r.Seeds, "world"))
	case once:
		fmt.Fprintf(&t, "%s: every rule held in each\n\n", format.Plural(r.Seeds, "world"))
	default:
		fmt.Fprintf(&t, "%s, each run twice: every rule held, and both traces were the same\n\n", format.Plural(r.Seeds, "world"))
	}
	s := &r.Stats
	row("VIRTUAL TIME", fmt.Sprintf("%s h", format.Count(int(s.Virtual/time.Hour))), "one run of each counted, here and below")
	row("events", format.Count(s.Events))
	row("decisions checked", format.Count(s.Steps))
	row("token requests", format.Count(s.TokenFetches))
	row("responses with 401", format.Count(s.Unauthorized))
	t.WriteByte('\n')
	requests := 0
	for _, n := range s.Outcomes {
		requests += n
	}
	row("REQUESTS", format.Count(requests))
	for o, n := range s.Outcomes {
		row(report.Describe(world.Outcome(o)), format.Count(n), fmt.Sprintf("%5.1f %%", 100*float64(n)/float64(max(requests, 1))))
	}
	t.WriteByte('\n')
	row("SPEED", format.Count(int(r.PerSecond())), fmt.Sprintf("events a second and core (%s, %s)", format.Plural(r.Workers, "core"), format.Seconds(r.Took)))
	t.WriteByte('\n')
	coverage(&t, r)
	_, err := io.WriteString(w, t.String())
	return err
}

// coverage returns which rare events were seen: those that were not, and the rarest of the others.
func coverage(t *strings.Builder, r *hunt.Result) {
	missing := r.Coverage.Missing()
	fmt.Fprintf(t, "RARE EVENTS                         %16s\n", fmt.Sprintf("%d of %d reached", len(r.Coverage)-len(missing), len(r.Coverage)))
	for _, m := range missing {
		fmt.Fprintf(t, "never   %s\n", m)
	}
	order := make([]int, 0, len(r.Coverage))
	for m, n := range r.Coverage {
		if n > 0 {
			order = append(order, m)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return r.Coverage[a] - r.Coverage[b] })
	for _, m := range order[:min(3, len(order))] {
		fmt.Fprintf(t, "%7s %s\n", format.Count(r.Coverage[m]), world.CoveragePoint(m))
	}
}
