package settings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/suggest"
)

// Environment is the process's, or in tests another one.
type Environment struct {
	lookup func(string) (string, bool)
	all    func() []string
	used   map[string]bool // the variables that set a flag
}

// NewEnvironment makes one of functions like os.LookupEnv and os.Environ.
func NewEnvironment(lookup func(string) (string, bool), all func() []string) *Environment {
	return &Environment{lookup, all, make(map[string]bool)}
}

// Get returns a variable's value, "" if it is not set.
func (e *Environment) Get(name string) string {
	value, _ := e.lookup(name)
	return value
}

// Source lets a flag take its value from a variable.
func (e *Environment) Source(variable string) cli.ValueSourceChain {
	return cli.NewValueSourceChain(&variableSource{variable, e})
}

// variableSource is an environment variable of the program's environment, which in tests is not the process's. An empty
// one counts as unset.
type variableSource struct {
	name string
	env  *Environment
}

var _ cli.EnvValueSource = (*variableSource)(nil)

func (s *variableSource) Lookup() (string, bool) {
	value := s.env.Get(s.name)
	if value == "" {
		return "", false
	}
	// The library asks only for a flag that the command line does not set.
	s.env.used[s.name] = true
	return value, true
}

func (s *variableSource) IsFromEnv() bool  { return true }
func (s *variableSource) Key() string      { return s.name }
func (s *variableSource) String() string   { return "environment variable " + s.name }
func (s *variableSource) GoString() string { return fmt.Sprintf("variableSource(%q)", s.name) }

// ofOthers are variables that Kubernetes sets in every container if there is a service whose name begins with alf. They
// are not for this program.
var ofOthers = regexp.MustCompile(`^ALF_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// Misspelt refuses variables that look like settings and are none: --origin restricts where the token may go, and a
// variable that was meant to do so must not silently have no effect. An empty one has none anyway.
func (e *Environment) Misspelt(root *cli.Command, t Table) error {
	known := variables(root, t)
	var problems exit.Problems
	for _, entry := range slices.Sorted(slices.Values(e.all())) {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || !strings.HasPrefix(name, prefix) || ofOthers.MatchString(name) || slices.Contains(known, name) {
			continue
		}
		problems.Note(fmt.Errorf("%s is not a setting%s", shownName(name), meant(name, known)))
	}
	return errors.Join(problems...)
}

// meant says what to do about a variable that is no setting.
func meant(name string, known []string) string {
	var bare []string // the prefix would make all names alike
	for _, k := range known {
		bare = append(bare, strings.TrimPrefix(k, prefix))
	}
	if guess := suggest.Phrase(prefix+"%s", strings.TrimPrefix(name, prefix), bare); guess != "" {
		return guess
	}
	return ": unset it"
}

// shownName quotes a name that no shell would take, as it may hold anything.
func shownName(name string) string {
	if quoted := fmt.Sprintf("%q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// variables are those that any command takes a setting from.
func variables(root *cli.Command, t Table) []string {
	var all []string
	for _, s := range t.in(Variable) {
		all = append(all, s.VariableName())
	}
	for _, c := range slices.Concat(root.Commands, []*cli.Command{root}) {
		for _, f := range c.Flags {
			if doc, ok := f.(cli.DocGenerationFlag); ok {
				all = append(all, doc.GetEnvVars()...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
