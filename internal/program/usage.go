package program

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v3"
)

// wrongUse makes one line of what the library would follow by a page of help.
func wrongUse(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	text := err.Error()
	if value, ok := flagValue(cmd, text); ok {
		text = value
	} else if name, ok := strings.CutPrefix(text, "flag provided but not defined: "); ok {
		name = strings.TrimLeft(name, "-")
		text = "there is no flag " + dashed(name)
		if near := nearest(name, flagNames(cmd)); near != "" {
			text += ": did you mean " + dashed(near) + "?"
		}
	}
	return usagef("%s (see %s --help)", text, cmd.FullName())
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// flagsOf are those that a command takes, the program's own among them.
func flagsOf(cmd *cli.Command) (flags []cli.Flag) {
	for _, c := range cmd.Lineage() {
		flags = append(flags, c.Flags...)
	}
	return flags
}

func flagNames(cmd *cli.Command) (names []string) {
	for _, f := range flagsOf(cmd) {
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
	return usagef("there is no command %q%s (see %s --help)", name, didYouMean("%q", name, known), cmd.FullName())
}

// arguments checks their number.
func arguments(cmd *cli.Command, names ...string) error {
	given := cmd.Args().Slice()
	switch {
	case len(given) < len(names):
		return usagef("%s is missing (see %s --help)", names[len(given)], cmd.FullName())
	case len(given) > len(names):
		return usagef("unexpected argument %q (see %s --help)", given[len(names)], cmd.FullName())
	}
	return nil
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
