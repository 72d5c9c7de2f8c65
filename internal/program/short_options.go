package program

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/settings"
)

// splitOptions puts one-letter flags into the form that the flag library reads: -XPOST becomes -X POST, and -sSL
// becomes -s -S -L.
func splitOptions(root *cli.Command, args []string) []string {
	cmd, lineage := root, []*cli.Command{root}
	var split []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if i == 0 {
			split = append(split, arg)
			continue
		}
		if arg == "--" {
			return append(split, args[i:]...)
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			if sub := cmd.Command(arg); sub != nil {
				cmd = sub
				lineage = append(lineage, sub)
			}
			split = append(split, arg)
			continue
		}
		parts, takesNext := splitOption(lineage, arg)
		split = append(split, parts...)
		if takesNext && i+1 < len(args) {
			i++
			split = append(split, args[i])
		}
	}
	return split
}

// splitOption splits one argument. takesNext reports whether the next one is its value.
func splitOption(lineage []*cli.Command, arg string) (parts []string, takesNext bool) {
	if strings.HasPrefix(arg, "--") {
		f := flagIn(lineage, strings.TrimPrefix(arg, "--"))
		return []string{arg}, f != nil && takesValue(f)
	}
	for rest := arg[1:]; rest != ""; {
		letter, size := utf8.DecodeRuneInString(rest)
		name := string(letter)
		rest = rest[size:]
		f := flagIn(lineage, name)
		switch {
		case f == nil && len(parts) == 0, strings.HasPrefix(rest, "="):
			return append(parts, "-"+name+rest), false // the flag library reads it, or reports what there is no flag for
		case !unicode.IsLetter(letter):
			// The flag library takes only letters for flags.
			parts = append(parts, settings.Dashed(f.Names()[0]))
		case f != nil && takesValue(f) && rest != "":
			return append(parts, "-"+name, rest), false
		default:
			parts = append(parts, "-"+name)
			takesNext = f != nil && takesValue(f)
		}
	}
	return parts, takesNext
}

// flagIn looks from the innermost command on.
func flagIn(lineage []*cli.Command, name string) cli.Flag {
	for _, c := range slices.Backward(lineage) {
		for _, f := range c.Flags {
			for _, known := range f.Names() {
				if known == name {
					return f
				}
			}
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	if generic, ok := f.(*cli.GenericFlag); ok {
		return !generic.Value.(*curlFlag).IsBoolFlag()
	}
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}
