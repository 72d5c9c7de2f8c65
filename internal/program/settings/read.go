package settings

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
)

// Read reads the settings of a table from a command's flags (which include the variables) and, for those not set, from
// the configuration file. Its error reports everything that is wrong, and has exit code 2.
func Read(cmd *cli.Command, t Table, env *Environment, stdin io.Reader) (*Values, error) {
	var problems exit.Problems
	v, err := readGiven(cmd, t, env, stdin, &problems)
	if err != nil {
		return nil, err
	}
	v.requireClient(&problems)
	v.chooseStyle(&problems)
	return v, problems.Err()
}

// readGiven reads what is given, and requires nothing. What is wrong with the file alone is an error of its own.
func readGiven(cmd *cli.Command, t Table, env *Environment, stdin io.Reader, problems *exit.Problems) (*Values, error) {
	v := Defaults()
	v.env, v.stdin, v.names = env, stdin, t.Names()
	problems.Note(env.Misspelt(cmd.Root(), t))
	for i := range t {
		problems.Note(v.take(cmd, &t[i]))
	}
	_, asked := v.where["config"]
	f, err := readFile(string(v.ConfigFile), asked, env)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(v.apply(t, f.entries(), f.path, File)...); err != nil {
		return nil, &exit.Failure{Code: exit.Usage, Err: err}
	}
	if v.Timeout < 0 {
		problems.Note(fmt.Errorf("%s is %v: must not be negative; 0 waits forever", v.where["timeout"].Text, v.Timeout))
	}
	v.chooseServer()
	return v, nil
}

// take reads a setting that a flag or a variable gives.
func (v *Values) take(cmd *cli.Command, s *Setting) error {
	if !s.takes(Flag) {
		if value := v.env.Get(s.VariableName()); value != "" {
			v.where[s.Name] = Origin{Variable, s.VariableName()}
			if to := s.target(v); to.Kind() == reflect.String {
				to.SetString(value)
			}
		}
		return nil
	}
	name := s.FlagName()
	if !cmd.IsSet(name) {
		return nil
	}
	v.where[s.Name] = Given(cmd, v.env, name)
	to := s.target(v)
	k := kindOf(to.Type())
	if err := k.fromFlag(cmd, name, to); err != nil {
		return fmt.Errorf("%s: %w", v.where[s.Name].Text, err)
	}
	return nil
}

// Take reads the settings of a command's own table, each of which has an Into, from its flags and their variables.
func (t Table) Take(cmd *cli.Command, env *Environment) error {
	v := Defaults()
	v.env = env
	var problems exit.Problems
	for i := range t {
		problems.Note(v.take(cmd, &t[i]))
	}
	return problems.Err()
}

// Given says where the value of a flag stands that is set.
func Given(cmd *cli.Command, env *Environment, flag string) Origin {
	if doc := flagNamed(cmd, flag); doc != nil {
		for _, name := range doc.GetEnvVars() {
			if env.used[name] {
				return Origin{Variable, name}
			}
		}
	}
	return Origin{Flag, Dashed(flag)}
}

// chooseServer picks one of issuer and token endpoint, which exclude each other: the one given in the place of higher
// rank. A flag comes before a variable, and that before the file.
func (v *Values) chooseServer() {
	c := &v.Config
	if c.TokenURL != "" && c.Issuer != "" {
		switch url, issuer := v.rank("token_url"), v.rank("issuer"); {
		case url > issuer:
			c.Issuer = ""
		case issuer > url:
			c.TokenURL = ""
		}
	}
}

// requireClient names what every client has.
func (v *Values) requireClient(problems *exit.Problems) {
	c := &v.Config
	if c.TokenURL == "" && c.Issuer == "" {
		problems.Note(errors.New(v.missing("token_url") + "; or " + v.name("issuer") + ", for a server that publishes it"))
	}
	if c.ClientID == "" {
		problems.Note(errors.New(v.missing("client_id")))
	}
}

func (v *Values) rank(name string) int { return rankOf(v.where[name].Place) }

// rankOf is 0 for a setting that is not given.
func rankOf(place Places) int {
	return slices.Index([]Places{0, Inherited, File, Variable, Flag}, place)
}

// missing says where a setting that every client has can be given.
func (v *Values) missing(name string) string {
	s := Setting{Name: name}
	if v.object != "" {
		return fmt.Sprintf("%s: %s is missing: set it", v.object, name)
	}
	return fmt.Sprintf("%s is missing: set it, or %s, or %s in a configuration file", s.Label(), s.VariableName(), s.Name)
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}
