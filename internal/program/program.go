// Package program is the command alf: it gets OAuth 2.0 tokens with the client credentials grant, sends requests that carry them, tells what
// is wrong with a configuration, and shows on loopback sockets how the client behind it behaves when things go wrong.
//
// Data goes to standard output, everything else to standard error. Exit codes: 0 for success, 1 if the demonstration broke a
// promise or the output could not be written, 2 for wrong use or configuration, 3 if the token endpoint denied a token, 4 if
// it or the API could not be reached, 5 if the API answered 4xx or 5xx, 130 after an interrupt.
package program

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// Main runs the program with the process's arguments, environment and standard streams, and exits.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks politely; a second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, environment{os.LookupEnv, os.Environ}))
}

// run is the program: all it touches of the outside are its arguments, files it is pointed at, and sockets. It returns the
// exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env environment) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env, fromVariable: make(map[string]bool)}
	return p.exit(ctx, p.root().Run(ctx, args))
}

// program is what the commands share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            environment
	fromVariable   map[string]bool // the variables that set a flag
}

func (p *program) root() *cli.Command {
	root := &cli.Command{
		Name:  "alf",
		Usage: "OAuth 2.0 client credentials from the command line",
		Description: "Exit codes: 0 success, 2 wrong use or configuration, 3 denied by the token endpoint,\n" +
			"4 unreachable, 5 the API answered 4xx or 5xx; 1 output failed, or a promise of the demo or sim\n" +
			"was broken, 130 interrupted.",
		Version:  version(),
		Flags:    []cli.Flag{p.verboseFlag()},
		Commands: []*cli.Command{p.tokenCommand(), p.getCommand(), p.curlCommand(), p.checkCommand(), p.demoCommand(), p.simCommand()},
		Action:   noCommand,
		Reader:   p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		// Errors come back from Run, and are told once.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		// Headers and bodies hold commas.
		DisableSliceFlagSeparator:       true,
		EnableShellCompletion:           true,
		ConfigureShellCompletionCommand: func(c *cli.Command) { c.Hidden = false },
	}
	for _, c := range append(root.Commands, root) {
		c.OnUsageError = wrongUse
		c.DisableSliceFlagSeparator = true
		c.HideHelpCommand = c != root
	}
	return root
}
