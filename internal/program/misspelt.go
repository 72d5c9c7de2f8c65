package program

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

const variablePrefix = "ALF_"

// foreign are variables that others set, and not for this program: our tests, and Kubernetes in every container if there is
// a service whose name begins with alf.
var foreign = regexp.MustCompile(`^ALF_(EXPLORE|(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?))$`)

// misspelt refuses variables that look like settings and are none: --origin is there to restrict where the token may go,
// and a variable that was meant to do so must not silently have no effect. An empty one has none anyway.
func (p *program) misspelt(cmd *cli.Command) error {
	known := variables(cmd.Root())
	var problems problems
	for _, entry := range slices.Sorted(slices.Values(p.env.all())) {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || !strings.HasPrefix(name, variablePrefix) || foreign.MatchString(name) || slices.Contains(known, name) {
			continue
		}
		problems.note(fmt.Errorf("%s is not a setting%s", shownName(name), meant(name, known)))
	}
	return errors.Join(problems...)
}

// meant says what to do about a variable that is no setting.
func meant(name string, known []string) string {
	var bare []string // the prefix would make all names alike
	for _, k := range known {
		bare = append(bare, strings.TrimPrefix(k, variablePrefix))
	}
	if guess := didYouMean(variablePrefix+"%s", strings.TrimPrefix(name, variablePrefix), bare); guess != "" {
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
func variables(root *cli.Command) []string {
	all := []string{secretVariable, secretFileVariable}
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
