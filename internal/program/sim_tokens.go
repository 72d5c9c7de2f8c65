package program

import (
	"bytes"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/report"
)

// simTokens runs a scenario of many tokens at one endpoint.
func (p *program) simTokens(cmd *cli.Command, s *fleet.Scenario) error {
	fmt.Fprintf(p.stdout, "%s\n%s\n\n", s.Name, s.About)
	started := time.Now()
	result, recording := s.Record()
	if err := result.Report(p.stdout); err != nil {
		return exit.Failf(exit.Broken, "writing the table: %w", err)
	}
	if path := cmd.String("report"); path != "" {
		r := report.Fleet{
			Title: s.Name, About: s.About, Seed: s.Seed, Result: result, Recording: recording, Took: time.Since(started), Command: simCommandLine(cmd),
		}
		var page bytes.Buffer
		if err := r.HTML(&page); err != nil {
			return exit.Failf(exit.Broken, "writing the report: %w", err)
		}
		if err := p.writePage(path, &page); err != nil {
			return exit.Failf(exit.Broken, "writing the report: %w", err)
		}
	}
	if result.Violation != nil {
		fmt.Fprintf(p.stdout, "\n%v", result.Violation)
		return exit.Failf(exit.Broken, "rule %s is broken", result.Violation.Rule)
	}
	return nil
}
