package program

import (
	"slices"
	"time"

	"github.com/urfave/cli/v3"
)

// weight is how much a setting counts: more from a flag than from the environment, and more from there than from the file.
func (p *program) weight(cmd *cli.Command, flag string) int {
	switch {
	case !cmd.IsSet(flag):
		return 0
	case p.fromVariable[variable(flag)]:
		return 1
	}
	return 2
}

// choose takes the flag's value if there is one, else the file's.
func choose[T any](cmd *cli.Command, name string, flag func(string) T, file T) T {
	if cmd.IsSet(name) {
		return flag(name)
	}
	return file
}

// chooseTime is choose for what the file may leave out.
func chooseTime(cmd *cli.Command, name string, file *duration) time.Duration {
	if file == nil || cmd.IsSet(name) {
		return cmd.Duration(name)
	}
	return time.Duration(*file)
}

// source names where a setting's value stands, for errors.
func (p *program) source(cmd *cli.Command, flag string, f *file, key string) string {
	if !cmd.IsSet(flag) {
		return f.at(key)
	}
	return p.given(cmd, flag)
}

// given is source for what cannot come from the file.
func (p *program) given(cmd *cli.Command, flag string) string {
	if doc := flagNamed(cmd, flag); doc != nil {
		for _, name := range doc.GetEnvVars() {
			if p.fromVariable[name] {
				return name
			}
		}
	}
	return dashed(flag)
}

// flagNamed is nil if there is none.
func flagNamed(cmd *cli.Command, name string) cli.DocGenerationFlag {
	for _, f := range flagsOf(cmd) {
		if doc, ok := f.(cli.DocGenerationFlag); ok && slices.Contains(f.Names(), name) {
			return doc
		}
	}
	return nil
}
