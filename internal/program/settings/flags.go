package settings

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/fetcher"
)

// Flags makes the flags of a table. A flag belongs to one command, so each command gets its own. With all set, those of
// every group are shown in the help, else those of the group Common and of no group.
func (t Table) Flags(env *Environment, all bool) (flags []cli.Flag) {
	v := Defaults()
	for i := range t {
		if t[i].takes(Flag) {
			flags = append(flags, t[i].flag(v, env, all))
		}
	}
	return flags
}

func (s *Setting) flag(v *Values, env *Environment, all bool) cli.Flag {
	to := s.target(v)
	b := base{name: s.FlagName(), group: s.Group, help: s.Help, hidden: !all && s.Group != Common && s.Group != ""}
	if s.Short != "" {
		b.aliases = []string{s.Short}
	}
	if s.takes(Variable) {
		b.sources = env.Source(s.VariableName())
	}
	return kindOf(to.Type()).flag(b, to)
}

// About is the part of the help that every command with these flags has.
func (t Table) About(all bool) string {
	text := `

Settings come from flags, else from the environment, else from a JSON file: --config, or
alf/config.json in $XDG_CONFIG_HOME or ~/.config. A setting has one name in all three places:
--client-id is ALF_CLIENT_ID in the environment and client_id in the file. The client secret itself
is in $ALF_CLIENT_SECRET, in a file that --client-secret-file names, or comes by --client-secret-stdin.
--auth-style is one of
` + Wrap(styleNames(), 92) + `.`
	if !all {
		return text + `

Only the common settings are listed here: --help-all lists all of them.`
	}
	return text + `

The keys of the file are
` + Wrap(t.Keys(), 92) + `.
Scopes, audiences, resources, origins and hosts are separated by spaces, or the flag is repeated;
paths in the file are relative to it. Keys and ALF_* variables that do not exist are refused.

The server is named by --issuer if it has metadata (RFC 8414, OpenID Connect), else by
--token-url. The default --auth-style is client_secret_basic, unless there is no secret, but a key,
an assertion or a certificate alone. A certificate is presented with any style, to the API as well,
so that tokens can be bound to it.`
}

// Wrap breaks text at blanks, so that no line is longer than width.
func Wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func styleNames() string {
	var names []string
	for _, style := range fetcher.AuthStyles() {
		names = append(names, style.String())
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// FlagsOf are those that a command takes, the program's own among them.
func FlagsOf(cmd *cli.Command) (flags []cli.Flag) {
	for _, c := range cmd.Lineage() {
		flags = append(flags, c.Flags...)
	}
	return flags
}

// flagNamed is nil if there is none.
func flagNamed(cmd *cli.Command, name string) cli.DocGenerationFlag {
	for _, f := range FlagsOf(cmd) {
		if doc, ok := f.(cli.DocGenerationFlag); ok && slices.Contains(f.Names(), name) {
			return doc
		}
	}
	return nil
}

// Keys lists the keys of the configuration file.
func (t Table) Keys() string {
	var keys []string
	for _, s := range t.in(File) {
		keys = append(keys, s.Name)
	}
	return strings.Join(sorted(keys), ", ")
}
