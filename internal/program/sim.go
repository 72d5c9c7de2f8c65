package program

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/scenarios"
)

// The flags' categories. The help sorts them by name.
const (
	simWhat    = "Run"
	simOutput  = "Show"
	simWorld   = "The world (in place of what the scenario says)"
	simActions = "What happens in it, and when (may be repeated)"
)

func (p *program) simCommand() *cli.Command {
	return &cli.Command{
		Name:  "sim",
		Usage: "run the token manager through worlds in virtual time, and check every rule it promises",
		Description: "Without flags: a service with 10,000 callers for a day. With --scenario or flags of its own: that world.\n" +
			"With --seed alone: the world of that seed, in which everything, faults included, is drawn from it.\n" +
			"With --seeds: one such world after the other, on all cores, until one breaks a rule.\n\n" +
			"The decisions are made by the code that runs in production. Exit code 1 says that a rule was broken.",
		Flags:  slices.Concat(simFlags(), simParameterFlags(), simActionFlags()),
		Action: p.sim,
	}
}

func simFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "scenario", Category: simWhat, TakesFile: true,
			Usage: "run the world in this JSON `FILE`, or one of " + strings.Join(append(scenarios.Names(), fleet.Names()...), ", ")},
		&cli.Uint64Flag{Name: "seed", Category: simWhat, Usage: "replay the world of this `SEED`; of a scenario: the seed of what it leaves to chance"},
		&cli.Uint64Flag{Name: "seeds", Category: simWhat, Usage: "hunt through the worlds of this `NUMBER` of seeds, and stop at the first failure"},
		&cli.Uint64Flag{Name: "first", Category: simWhat, Usage: "with --seeds: the first `SEED`"},
		&cli.BoolFlag{Name: "once", Category: simWhat, Usage: "with --seeds: run each world once, without comparing the traces of two runs"},
		&cli.BoolFlag{Name: "explore", Category: simWhat, Usage: "visit every state of some small worlds, in every order of events"},
		&cli.BoolFlag{Name: "large", Category: simWhat, Usage: "with --explore: larger worlds, which take minutes and gigabytes"},

		&cli.BoolFlag{Name: "compare", Category: simOutput, Usage: "run the same world under other policies too, and lay the costs side by side"},
		&cli.StringFlag{Name: "report", Category: simOutput, TakesFile: true, Usage: "write an HTML page with pictures to this `FILE`; implies --compare, except for --seed alone"},
		&cli.BoolFlag{Name: "trace", Category: simOutput, Usage: "print what happens, line by line"},
	}
}

// sim decides what is to be done.
func (p *program) sim(ctx context.Context, cmd *cli.Command) error {
	if err := argumentsAre(cmd); err != nil {
		return err
	}
	if err := p.env.Misspelt(cmd.Root(), p.table); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	var made []string // flags that make a world
	for _, name := range slices.Concat([]string{"scenario"}, simParameterNames(), simActionNames()) {
		if cmd.IsSet(name) {
			made = append(made, name)
		}
	}
	alone := func(mode string, others ...string) error {
		for _, name := range slices.Concat(others, made) {
			if cmd.IsSet(name) {
				return exit.Usagef("--%s does not go with --%s: leave one of them out", name, mode)
			}
		}
		return nil
	}
	switch {
	case cmd.Bool("explore"):
		if err := alone("explore", "seed", "seeds", "first", "once", "compare", "report", "trace"); err != nil {
			return err
		}
		return p.simExplore(ctx, cmd.Bool("large"))
	case cmd.Bool("large"):
		return exit.Usagef("--large is for exploring: add --explore")
	case cmd.IsSet("seeds"):
		if err := alone("seeds", "seed", "compare", "report", "trace"); err != nil {
			return err
		}
		return p.simHunt(ctx, cmd)
	case cmd.IsSet("first") || cmd.IsSet("once"):
		return exit.Usagef("--first and --once are for a hunt: say through how many seeds by --seeds")
	case cmd.IsSet("seed") && len(made) == 0:
		return p.simSeed(ctx, cmd)
	}
	if s, ok := fleet.Load(cmd.String("scenario")); ok {
		if len(made) > 1 || cmd.IsSet("compare") || cmd.IsSet("trace") {
			return exit.Usagef("--scenario %s is about many tokens: it goes with --seed and --report alone", cmd.String("scenario"))
		}
		if cmd.IsSet("seed") {
			s.Seed = cmd.Uint64("seed")
		}
		return p.simTokens(cmd, s)
	}
	s, err := simScenario(cmd)
	if err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	return p.simScenario(ctx, cmd, s)
}

// simCommandLine is the command again, as a shell would want it.
func simCommandLine(cmd *cli.Command) string {
	words := []string{"alf", "sim"}
	for _, f := range cmd.Flags {
		name := f.Names()[0]
		if !cmd.IsSet(name) || name == "help" {
			continue
		}
		switch v := cmd.Value(name).(type) {
		case bool:
			words = append(words, "--"+name)
		case []string:
			for _, one := range v {
				words = append(words, "--"+name, format.ShellWord(one))
			}
		default:
			words = append(words, "--"+name, format.ShellWord(fmt.Sprint(v)))
		}
	}
	return strings.Join(words, " ")
}
