package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v3"
)

// wrongUse makes one line of what the library would follow by a page of help.
func wrongUse(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: "); ok {
		name = strings.TrimLeft(name, "-")
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		text = fmt.Sprintf("there is no flag %s%s", dashes, name)
		if near := cli.SuggestFlag(cmd.Flags, name, false); near != "" {
			text += ": did you mean " + near + "?"
		}
	}
	return usagef("%s (see %s --help)", text, cmd.FullName())
}

// noCommand is what happens without a command, or with one that does not exist.
func noCommand(_ context.Context, cmd *cli.Command) error {
	name := cmd.Args().First()
	if name == "" {
		return cli.ShowRootCommandHelp(cmd)
	}
	text := fmt.Sprintf("there is no command %q", name)
	if near := cli.SuggestCommand(cmd.VisibleCommands(), name); near != "" {
		text += fmt.Sprintf(": did you mean %q?", near)
	}
	return usagef("%s (see alf --help)", text)
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
