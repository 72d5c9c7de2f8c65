// Package settings has the table of the program's settings. Flags, environment variables, the keys of the configuration
// file, help texts, suggestions for misspelt names and the names in error messages all come from it: a setting is added
// by one line of the table and the field where its value goes.
package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// Setting is one line of the table.
type Setting struct {
	// Name is the key in the configuration file, such as "client_secret_file". The flag is --client-secret-file and the
	// variable ALF_CLIENT_SECRET_FILE.
	Name string
	// Field is where the value goes: a field of alf.Config by its path, such as "TokenRequest.Header", or one of
	// Inputs. Its type is the setting's type.
	Field string
	// Help is the flag's help text, with the value's name in backquotes.
	Help string
	// About is the field that the library's messages name when they are about this setting. Empty: Field, if alf.Config
	// has it. With a leading "Config." the bare word is also a term, and is replaced in texts only where they say to
	// set or unset it.
	About string
	// Into is a pointer to a variable that the value goes to in place of a field, for settings that do not concern the
	// client.
	Into any
	// Prefix precedes Name in the variable, for a setting of one command alone.
	Prefix string
	// Short is a one-letter flag beside the long one.
	Short string
	// From restricts where the setting may be given. Zero: anywhere.
	From Places
	// Group is the heading in the help. Those of the group Common are always shown, the others by --help-all.
	Group string
}

// Places is a set of places where a setting may be given.
type Places int

// The places.
const (
	Flag Places = 1 << iota
	Variable
	File
	// Inherited is a file's object that another object of it takes the place of; see [Table.ReadObject].
	Inherited
)

// The groups that settings of the table have in the help.
const (
	Common         = "Common settings:"
	Request        = "Token request:"
	Authentication = "Client authentication:"
	Binding        = "Bound tokens:"
	Connection     = "Connections:"
)

// takes reports whether the setting may be given in a place.
func (s *Setting) takes(place Places) bool { return s.From == 0 || s.From&place != 0 }

// FlagName is the flag without its dashes.
func (s *Setting) FlagName() string { return strings.ReplaceAll(s.Name, "_", "-") }

const prefix = "ALF_"

// VariableName is the environment variable.
func (s *Setting) VariableName() string { return prefix + strings.ToUpper(s.Prefix+s.Name) }

// Label is what messages call the setting: the flag, or the variable if there is no flag.
func (s *Setting) Label() string {
	if s.takes(Flag) {
		return Dashed(s.FlagName())
	}
	return s.VariableName()
}

// Dashed is a flag as it is written on the command line.
func Dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// target finds where the setting's value goes.
func (s *Setting) target(v *Values) reflect.Value {
	if s.Into != nil {
		return reflect.ValueOf(s.Into).Elem()
	}
	for _, root := range []any{&v.Inputs, &v.Config} {
		if field, ok := fieldAt(reflect.ValueOf(root).Elem(), s.Field); ok {
			return field
		}
	}
	panic(fmt.Sprintf("bug: setting %q has no field %q", s.Name, s.Field))
}

func fieldAt(value reflect.Value, path string) (reflect.Value, bool) {
	for name := range strings.SplitSeq(path, ".") {
		if value.Kind() != reflect.Struct {
			return value, false
		}
		if value = value.FieldByName(name); !value.IsValid() {
			return value, false
		}
	}
	return value, true
}

// Table is a list of settings.
type Table []Setting

// in lists the settings that may be given in a place.
func (t Table) in(place Places) (some Table) {
	for _, s := range t {
		if s.takes(place) {
			some = append(some, s)
		}
	}
	return some
}

// Has reports whether there is a setting of that name.
func (t Table) Has(name string) bool { return t.find(name) != nil }

// Only returns the table with the setting of a name restricted to some places.
func (t Table) Only(name string, places Places) Table {
	t = slices.Clone(t)
	if s := t.find(name); s != nil {
		s.From = places
	}
	return t
}

// Given lists what gives settings of the table on a command line and in the environment, by the names it has there.
func (t Table) Given(cmd *cli.Command, env *Environment) (names []string) {
	for i := range t {
		switch s := &t[i]; {
		case s.takes(Flag) && cmd.IsSet(s.FlagName()):
			names = append(names, Given(cmd, env, s.FlagName()).Text)
		case !s.takes(Flag) && env.Get(s.VariableName()) != "":
			names = append(names, s.VariableName())
		}
	}
	return names
}

// find returns nil if there is no setting of that name.
func (t Table) find(name string) *Setting {
	for i := range t {
		if t[i].Name == name {
			return &t[i]
		}
	}
	return nil
}
