// Package program is the command alf: it gets OAuth 2.0 tokens with the client credentials grant, sends requests that
// carry them, reports what is wrong with a configuration, and shows on loopback sockets how the client behind it
// behaves when things go wrong.
//
// Data goes to standard output, everything else to standard error. The exit codes are those of package exit.
package program

import (
	"context"
	"io"
	"maps"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/settings"
)

// Extension is what a program has built in beside the command alf, such as a store. With it, a second program has a
// main function of ten lines as well.
type Extension struct {
	// Settings are added to the table. Each has an Into.
	Settings settings.Table
	// Stores are opened by the setting --store.
	Stores settings.Stores
	// Configure changes the configuration that the settings come to, before a client is made from it. Nil: nothing is
	// changed.
	Configure func(context.Context, *alf.Config) error
	// Commands are added to those of alf, with the flags of the table beside their own. Nil: none are added.
	Commands func(Connect) []*cli.Command
}

// Connect makes the client that a command's settings describe, and a function that closes it.
type Connect func(context.Context, *cli.Command) (client *alf.Client, done func(), err error)

// Main runs the program with the process's arguments, environment and standard streams, and exits.
func Main(extensions ...Extension) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the command in an orderly way; a second one kills the process.
	context.AfterFunc(ctx, stop)
	env := settings.NewEnvironment(os.LookupEnv, os.Environ)
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, env, extensions...))
}

// run is the program: all it touches of the outside are its arguments, the files that they name, and sockets. It
// returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env *settings.Environment, extensions ...Extension) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env, extensions: extensions, stores: make(settings.Stores)}
	p.table = settings.All()
	for _, e := range extensions {
		p.table = append(p.table, e.Settings...)
		maps.Copy(p.stores, e.Stores)
	}
	p.names = p.table.Names()
	args = p.arguments(args)
	root := p.root()
	return p.exit(ctx, root.Run(ctx, splitOptions(root, args)))
}

// program is what the commands share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            *settings.Environment
	table          settings.Table
	names          settings.Names
	extensions     []Extension
	stores         settings.Stores // of the extensions
	allHelp        bool            // the help shows the settings of every group
}

func (p *program) root() *cli.Command {
	root := &cli.Command{
		Name:  "alf",
		Usage: "OAuth 2.0 client credentials from the command line",
		Description: "Exit codes: 0 success, 2 wrong use or configuration, 3 denied by the token endpoint,\n" +
			"4 unreachable, 5 the API responded 4xx or 5xx; 1 output failed, or a promise of the demo or sim\n" +
			"was broken, 130 interrupted. \"alf help settings\" lists the settings of all commands.",
		Version:  version(),
		Flags:    []cli.Flag{p.verboseFlag()},
		Commands: []*cli.Command{p.tokenCommand(), p.getCommand(), p.curlCommand(), p.checkCommand(), p.discoverCommand(), p.proxyCommand(), p.demoCommand(), p.demoProcessCommand(), p.simCommand(), p.settingsTopic()},
		Action:   noCommand,
		Reader:   p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		// Errors come back from Run, and are reported once.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		// Headers and bodies hold commas.
		DisableSliceFlagSeparator:       true,
		EnableShellCompletion:           true,
		ConfigureShellCompletionCommand: func(c *cli.Command) { c.Hidden = false },
	}
	for _, e := range p.extensions {
		if e.Commands != nil {
			for _, c := range e.Commands(p.connectClient) {
				c.Flags = p.flags(c.Flags...)
				root.Commands = append(root.Commands, c)
			}
		}
	}
	all := append([]*cli.Command{root}, root.Commands...)
	for _, c := range root.Commands {
		all = append(all, c.Commands...)
	}
	for _, c := range all {
		c.OnUsageError = wrongUse
		c.DisableSliceFlagSeparator = true
		c.HideHelpCommand = c != root
	}
	return root
}

// flags are a command's own and those of the client's settings.
func (p *program) flags(own ...cli.Flag) []cli.Flag {
	return append(own, p.table.Flags(p.env, p.allHelp)...)
}

// about is the part of the help that every command with these flags has.
func (p *program) about() string { return p.table.About(p.allHelp) }
