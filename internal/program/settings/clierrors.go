package settings

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"
)

// What a value should have been, by what the flag library calls a flag's type: one name in its help, one in its errors.
var mustBe = map[string]string{
	"duration": mustBeDuration, "time.Duration": mustBeDuration,
	"bool":  mustBeBool,
	"int":   mustBeInt,
	"uint":  "must be a whole number, 0 or more",
	"float": mustBeFloat, "float64": mustBeFloat,
}

const (
	mustBeDuration = `must be a duration, such as "30s"`
	mustBeBool     = "must be true or false"
	mustBeInt      = "must be a whole number"
	mustBeFloat    = "must be a number, such as 0.5"
)

// The flag library's errors about values, which have no type to recognise them by.
var (
	badFlag     = regexp.MustCompile(`(?s)^invalid value ("(?:[^"\\]|\\.)*") for flag -([^:]+): (.*)$`)
	badVariable = regexp.MustCompile(`(?s)^could not parse ("(?:[^"\\]|\\.)*") as (\S+) value from environment variable (\S+) for flag .*?: (.*)$`)
)

// FlagValue says in the program's words what is wrong with a flag's value, if an error of the flag library is about
// that.
func FlagValue(cmd *cli.Command, text string) (string, bool) {
	m := badFlag.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	kind := ""
	if doc := flagNamed(cmd, m[2]); doc != nil {
		kind = doc.TypeName()
	}
	return invalidValue(Dashed(m[2]), m[1], kind, m[3]), true
}

// VariableValue is FlagValue for a value from the environment.
func VariableValue(text string) (string, bool) {
	m := badVariable.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return invalidValue(m[3], m[1], m[2], m[4]), true
}

func invalidValue(name, value, kind, reason string) string {
	why, known := mustBe[kind]
	switch {
	case strings.HasSuffix(reason, "value out of range"):
		why = "out of range"
	case !known:
		why = reason
	}
	return fmt.Sprintf("%s is %s: %s", name, value, why)
}
