package program

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/internal/program/suggest"
)

// wrongUse makes one line of what the flag library would follow by a page of help.
func wrongUse(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	text := err.Error()
	if value, ok := settings.FlagValue(cmd, text); ok {
		text = value
	} else if name, ok := strings.CutPrefix(text, "flag provided but not defined: "); ok {
		name = strings.TrimLeft(name, "-")
		text = "there is no flag " + settings.Dashed(name)
		if near := suggest.Nearest(name, flagNames(cmd)); near != "" {
			text += ": did you mean " + settings.Dashed(near) + "?"
		}
	}
	return exit.Usagef("%s (see %s --help)", text, cmd.FullName())
}

func flagNames(cmd *cli.Command) (names []string) {
	for _, f := range settings.FlagsOf(cmd) {
		names = append(names, f.Names()...)
	}
	return names
}

// noCommand is what happens without a command, or with one that does not exist.
func noCommand(_ context.Context, cmd *cli.Command) error {
	name := cmd.Args().First()
	if name == "" {
		return cli.ShowRootCommandHelp(cmd)
	}
	return unknownCommand(cmd, name)
}

func unknownCommand(cmd *cli.Command, name string) error {
	var known []string
	for _, c := range cmd.VisibleCommands() {
		known = append(known, c.Names()...)
	}
	return exit.Usagef("there is no command %q%s (see %s --help)", name, suggest.Phrase("%q", name, known), cmd.FullName())
}

// argumentsAre checks the number of arguments.
func argumentsAre(cmd *cli.Command, names ...string) error {
	given := cmd.Args().Slice()
	switch {
	case len(given) < len(names):
		return exit.Usagef("%s is missing (see %s --help)", names[len(given)], cmd.FullName())
	case len(given) > len(names):
		return exit.Usagef("unexpected argument %q (see %s --help)", given[len(names)], cmd.FullName())
	}
	return nil
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (p *program) verboseFlag() cli.Flag {
	s := settings.Setting{Name: "verbose"}
	return &cli.BoolFlag{Name: s.Name, Aliases: []string{"v"}, Usage: "log what the client does to standard error", Sources: p.env.Source(s.VariableName())}
}
