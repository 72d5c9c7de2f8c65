package program

import (
	"context"
	"strings"

	"github.com/urfave/cli/v3"
)

func init() {
	cli.FlagStringer = describe
	cli.ShowCommandHelp = helpOn
}

// helpOn shows the help of a command's command. One that has none was given an argument as well, and shows its own.
func helpOn(ctx context.Context, cmd *cli.Command, name string) error {
	switch lineage := cmd.Lineage(); {
	case cmd.Command(name) != nil:
		return cli.DefaultShowCommandHelp(ctx, cmd, name)
	case len(cmd.VisibleCommands()) == 0 && len(lineage) > 1:
		return cli.DefaultShowCommandHelp(ctx, lineage[1], cmd.Name)
	}
	return unknownCommand(cmd, name)
}

// describe is a flag's line in the help. Unlike the library's own it does not show twice that a flag may be repeated, which
// would make the lines too long to read.
func describe(f cli.Flag) string {
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	placeholder, usage := "", doc.GetUsage()
	if before, rest, found := strings.Cut(usage, "`"); found {
		name, after, _ := strings.Cut(rest, "`")
		placeholder, usage = " "+name, before+name+after
	}
	var names []string
	for _, name := range f.Names() {
		names = append(names, dashed(name))
	}
	line := strings.Join(names, ", ") + placeholder + "\t" + usage
	if value := doc.GetValue(); doc.TakesValue() && value != "" && value != "[]" && value != "0s" {
		line += " (default: " + value + ")"
	}
	if env := doc.GetEnvVars(); len(env) > 0 {
		line += " [$" + strings.Join(env, ", $") + "]"
	}
	return line
}
