package program

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"
)

// What a value should have been, by what the flag library calls a flag's type: one name in its help, one in its errors.
var kinds = map[string]string{
	"duration": mustBeDuration, "time.Duration": mustBeDuration,
	"bool":  mustBeBool,
	"int":   "must be a whole number",
	"uint":  "must be a whole number, 0 or more",
	"float": "must be a number, such as 0.5", "float64": "must be a number, such as 0.5",
}

const (
	mustBeDuration = `must be a duration, such as "30s"`
	mustBeBool     = "must be true or false"
)

// The flag library's errors about values, which have no type to tell them by.
var (
	badFlag     = regexp.MustCompile(`(?s)^invalid value ("(?:[^"\\]|\\.)*") for flag -([^:]+): (.*)$`)
	badVariable = regexp.MustCompile(`(?s)^could not parse ("(?:[^"\\]|\\.)*") as (\S+) value from environment variable (\S+) for flag .*?: (.*)$`)
)

// flagValue says in the program's words what is wrong with a flag's value, if that is what an error is about.
func flagValue(cmd *cli.Command, text string) (string, bool) {
	m := badFlag.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	kind := ""
	if doc := flagNamed(cmd, m[2]); doc != nil {
		kind = doc.TypeName()
	}
	return unfit(dashed(m[2]), m[1], kind, m[3]), true
}

// variableValue is flagValue for what came from the environment.
func variableValue(text string) (string, bool) {
	m := badVariable.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return unfit(m[3], m[1], m[2], m[4]), true
}

func unfit(name, value, kind, reason string) string {
	why, known := kinds[kind]
	switch {
	case strings.HasSuffix(reason, "value out of range"):
		why = "out of range"
	case !known:
		why = reason
	}
	return fmt.Sprintf("%s is %s: %s", name, value, why)
}
