package program

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/simulation/scenarios"
	"github.com/alf-go/alf/internal/simulation/world"
)

// simParameterFlags makes a flag of every parameter.
func simParameterFlags() (flags []cli.Flag) {
	defaults := scenarios.Default().Plan.Parameters
	for _, k := range scenarios.Parameters() {
		name, usage := k.Flag(), k.Usage
		switch v := k.Of(&defaults).(type) {
		case *int:
			flags = append(flags, &cli.IntFlag{Name: name, Category: simWorld, Usage: usage, Value: *v, HideDefault: *v == 0})
		case *float64:
			flags = append(flags, &cli.FloatFlag{Name: name, Category: simWorld, Usage: usage, Value: *v, HideDefault: *v == 0})
		case *bool:
			flags = append(flags, &cli.BoolFlag{Name: name, Category: simWorld, Usage: usage})
		case *time.Duration:
			flags = append(flags, &cli.DurationFlag{Name: name, Category: simWorld, Usage: usage, Value: *v, HideDefault: *v == 0})
		default:
			flags = append(flags, &cli.StringSliceFlag{Name: name, Category: simWorld, Usage: usage})
		}
	}
	return flags
}

func simParameterNames() (names []string) {
	for _, k := range scenarios.Parameters() {
		names = append(names, k.Flag())
	}
	return names
}

func simActionFlags() (flags []cli.Flag) {
	for _, d := range scenarios.ActionFlags() {
		flags = append(flags, &cli.StringSliceFlag{Name: d.Name, Category: simActions, Usage: d.Usage})
	}
	return flags
}

func simActionNames() (names []string) {
	for _, d := range scenarios.ActionFlags() {
		names = append(names, d.Name)
	}
	return names
}

// simScenario is the scenario that was named, or a day like any other, with what the flags change.
func simScenario(cmd *cli.Command) (*scenarios.Scenario, error) {
	s, err := scenarios.Load("service-day")
	if cmd.IsSet("scenario") {
		s, err = scenarios.Load(cmd.String("scenario"))
	}
	if err != nil {
		return nil, err
	}
	var problems []error
	changed := false
	for _, k := range scenarios.Parameters() {
		if name := k.Flag(); cmd.IsSet(name) {
			changed = true
			problems = append(problems, setParameter(cmd, name, k.Of(&s.Plan.Parameters)))
		}
	}
	for _, f := range scenarios.ActionFlags() {
		for _, text := range cmd.StringSlice(f.Name) {
			changed = true
			d, err := f.Parse(text)
			problems = append(problems, err)
			s.Plan.Actions = append(s.Plan.Actions, d)
		}
	}
	if cmd.IsSet("seed") {
		s.Seed = cmd.Uint64("seed")
	}
	switch {
	case changed && cmd.IsSet("scenario"):
		s.Name += ", with changes"
	case changed:
		s.Name, s.About = scenarios.Default().Name, ""
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, parametersAsFlags(s.Validate())
}

func setParameter(cmd *cli.Command, name string, to any) error {
	switch v := to.(type) {
	case *int:
		*v = cmd.Int(name)
	case *float64:
		*v = cmd.Float(name)
	case *bool:
		*v = cmd.Bool(name)
	case *time.Duration:
		*v = cmd.Duration(name)
	case *[]world.Trouble:
		list, err := scenarios.Troubles(strings.FieldsFunc(strings.Join(cmd.StringSlice(name), ","), func(r rune) bool { return r == ',' || r == ' ' }))
		if err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
		*v = list
	}
	return nil
}

var parameterName = regexp.MustCompile(`(?m)^[a-z0-9_]+:`)

// parametersAsFlags says of each problem which flag it is about.
func parametersAsFlags(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(parameterName.ReplaceAllStringFunc(err.Error(), func(name string) string {
		return "--" + strings.ReplaceAll(name, "_", "-")
	}))
}
