package program

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/simulation/report"
	"github.com/alf-go/alf/internal/simulation/scenarios"
	"github.com/alf-go/alf/internal/simulation/world"
)

const drawnAbout = "Everything in it, faults included, is drawn from the seed."

// simSeed replays the world of a seed, in which everything is drawn from it.
func (p *program) simSeed(ctx context.Context, cmd *cli.Command) error {
	seed := cmd.Uint64("seed")
	title := fmt.Sprintf("the world of seed %d", seed)
	parameters := world.Draw(seed)
	if cmd.Bool("compare") {
		// The policies meet the same callers only if those have dice of their own, so this is not quite the world that
		// is replayed without.
		return p.simScenario(ctx, cmd, &scenarios.Scenario{Name: title + ", paced", About: drawnAbout, Seed: seed, Plan: world.Plan{Parameters: parameters}})
	}
	bar := p.progress()
	r := &report.Report{Title: title, About: drawnAbout, Seed: seed, Command: simCommandLine(cmd)}
	started := time.Now()
	r.Result, r.Recording = world.Replay(ctx, seed, world.Look{Keep: cmd.Bool("trace"), Progress: bar.through(title, parameters.Duration)})
	r.Took = time.Since(started)
	bar.end()
	return p.simReport(ctx, cmd, r, fmt.Sprintf("go run ./cmd/alf sim --seed %d --trace", seed))
}

// simScenario runs a scenario, under other policies too if that was asked for.
func (p *program) simScenario(ctx context.Context, cmd *cli.Command, s *scenarios.Scenario) error {
	bar := p.progress()
	r := &report.Report{Title: s.Name, About: s.About, Seed: s.Seed, Command: simCommandLine(cmd)}
	policies := world.Policies()
	if !cmd.Bool("compare") && !cmd.IsSet("report") {
		policies = policies[:1]
	}
	for _, policy := range policies {
		look := world.Look{Policy: policy, Keep: cmd.Bool("trace") && policy == world.Alf, Progress: bar.through(policy.String(), s.Plan.Duration)}
		started := time.Now()
		result, recording := world.Record(ctx, s.Seed, s.Plan, look)
		if policy == world.Alf {
			r.Result, r.Recording, r.Took = result, recording, time.Since(started)
		} else if ctx.Err() == nil {
			r.Baselines = append(r.Baselines, recording)
		}
		if ctx.Err() != nil || r.Result.Violation != nil {
			break
		}
	}
	bar.end()
	return p.simReport(ctx, cmd, r, "go run ./cmd/"+simCommandLine(cmd))
}

// simReport shows how it went.
func (p *program) simReport(ctx context.Context, cmd *cli.Command, r *report.Report, replay string) error {
	r.Stopped = r.Recording.Ended < r.Recording.Parameters.Duration && r.Result.Violation == nil
	for _, line := range r.Result.Trace {
		if _, err := fmt.Fprintln(p.stdout, line); err != nil {
			return exit.Failf(exit.Broken, "writing the trace: %w", err)
		}
	}
	if err := r.Text(p.stdout); err != nil {
		return exit.Failf(exit.Broken, "writing the table: %w", err)
	}
	if path := cmd.String("report"); path != "" {
		if err := p.writeReport(path, r); err != nil {
			return exit.Failf(exit.Broken, "writing the report: %w", err)
		}
	}
	if v := r.Result.Violation; v != nil {
		writeViolation(p.stdout, v, replay)
		return exit.Failf(exit.Broken, "rule %s is broken", v.Rule)
	}
	return ctx.Err()
}

// writeReport leaves no half of a page behind.
func (p *program) writeReport(path string, r *report.Report) error {
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		return err
	}
	return p.writePage(path, &page)
}

func (p *program) writePage(path string, page *bytes.Buffer) error {
	if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "the report is in %s (%d KiB)\n", path, (page.Len()+1023)/1024)
	return nil
}

// writeViolation says what was broken and how to see it again.
func writeViolation(w io.Writer, v *world.Violation, replay string) {
	fmt.Fprintf(w, "\n%s is broken: %s\n  seed        %d\n  parameters  %s\n  replay      %s\n  the last of it:\n    %s\n",
		v.Rule, v.Text, v.Seed, v.Parameters, replay, strings.Join(v.Last, "\n    "))
}
