package main

import (
	"strings"

	"github.com/urfave/cli/v3"
)

func init() { cli.FlagStringer = describe }

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
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		names = append(names, dashes+name)
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
