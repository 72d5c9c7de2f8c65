package program

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/settings"
)

func init() {
	cli.FlagStringer = describe
	cli.ShowCommandHelp = helpOn
}

const (
	allHelpFlag = "--help-all"
	topicName   = "settings"
	completing  = "--generate-shell-completion"
)

// arguments notices when the help on every setting is asked for, which has to be known when the flags are made.
func (p *program) arguments(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == allHelpFlag {
			p.allHelp = true
			args[i] = "--help"
		}
	}
	last := args[len(args)-1]
	if last == completing || slices.Contains(args, topicName) {
		p.allHelp = true
	}
	return args
}

// settingsTopic is a topic of the help, no command: it lists the settings that all commands have.
func (p *program) settingsTopic() *cli.Command {
	return &cli.Command{
		Name: topicName, Hidden: true, UsageText: "flags of the commands token, get, curl, check, discover and proxy", Usage: "the settings of token, get, curl, check, discover and proxy",
		Description: strings.TrimSpace(p.about()), Flags: p.flags(), HideHelp: true,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return cli.DefaultShowCommandHelp(ctx, cmd.Root(), topicName)
		},
	}
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

// describe is a flag's line in the help. Unlike the library's own it does not show twice that a flag may be repeated,
// which would make the lines too long to read.
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
		names = append(names, settings.Dashed(name))
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
