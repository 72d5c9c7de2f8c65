package program

import (
	"context"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/demo"
	"github.com/alf-go/alf/internal/program/demo/processes"
	"github.com/alf-go/alf/internal/program/exit"
)

// processCommandName is the command of one process of the demonstration.
const processCommandName = "demo-process"

// demoOfProcesses runs the demonstration with a number of processes.
func (p *program) demoOfProcesses(ctx context.Context, cmd *cli.Command, number int, given demo.Options) error {
	log := p.eventLog(cmd)
	o := processes.Options{
		Processes: number, Callers: 4, Every: given.Every, Lifetime: 24 * time.Second,
		AuthStyle: given.AuthStyle, DPoP: given.DPoP, Discover: given.Discover,
		Progress: p.stderr, Live: log == nil && p.isTerminal(p.stderr),
	}
	if cmd.IsSet("callers") {
		o.Callers = given.Callers
	}
	if cmd.IsSet("lifetime") {
		o.Lifetime = given.Lifetime
	}
	if err := o.Validate(); err != nil {
		return &exit.Failure{Code: exit.Usage, Err: err}
	}
	executable, err := os.Executable()
	if err != nil {
		return exit.Failf(exit.Broken, "the demonstration cannot start the program again: %w", err)
	}
	o.Command = []string{executable, processCommandName}
	if log != nil {
		o.Command = append(o.Command, "--verbose")
	}
	measured, err := processes.Run(ctx, o)
	if err != nil {
		return exit.Failf(exit.Broken, "the demonstration could not run: %w", err)
	}
	return p.reportDemo(measured)
}

// demoProcessCommand is one process of the demonstration. Its standard input says what it is to do.
func (p *program) demoProcessCommand() *cli.Command {
	return &cli.Command{
		Name: processCommandName, Hidden: true, Usage: "be one of the processes of demo --processes, which starts it",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := argumentsAre(cmd); err != nil {
				return err
			}
			// It ends with its input, and not by the signal that ends the demonstration: that has yet to hear its
			// counts.
			log := p.eventLog(cmd)
			defer log.flush()
			if err := processes.Main(p.stdin, p.stdout, log.logger()); err != nil {
				return &exit.Failure{Code: exit.Broken, Err: err}
			}
			return nil
		},
	}
}
