package program

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// environment is the process's, or in tests another one.
type environment struct {
	lookup func(string) (string, bool) // as os.LookupEnv
	all    func() []string             // as os.Environ
}

// variable is where a flag's value may come from.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func (p *program) fromEnv(flag string) cli.ValueSourceChain {
	return cli.NewValueSourceChain(&envSource{variable(flag), p.env.lookup, p.fromVariable})
}

// envSource is an environment variable of the program's environment, which in tests is not the process's. An empty one is
// as good as none.
type envSource struct {
	name string
	env  func(string) (string, bool)
	used map[string]bool // which variables set a flag
}

var _ cli.EnvValueSource = (*envSource)(nil)

func (s *envSource) Lookup() (string, bool) {
	value, ok := s.env(s.name)
	if !ok || value == "" {
		return "", false
	}
	// It is asked only for a flag that the command line does not set.
	s.used[s.name] = true
	return value, true
}

func (s *envSource) IsFromEnv() bool  { return true }
func (s *envSource) Key() string      { return s.name }
func (s *envSource) String() string   { return "environment variable " + s.name }
func (s *envSource) GoString() string { return fmt.Sprintf("envSource(%q)", s.name) }
