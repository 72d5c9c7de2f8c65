// Command runner runs worlds until a rule is broken, and prints which and after how many. The tests of package mutation
// build it with bugs planted in the core.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/sharing"
	"github.com/alf-go/alf/internal/simulation/world"
)

func main() {
	seeds := flag.Uint64("seeds", 2000, "how many worlds to run at most")
	flag.BoolVar(&many, "fleet", false, "run worlds of many tokens at one endpoint")
	flag.BoolVar(&processes, "processes", false, "run worlds of processes that share a token")
	flag.Parse()
	for seed := range *seeds {
		if rule := run(seed); rule != "" {
			fmt.Printf("%s %d\n", rule, seed+1)
			os.Exit(1)
		}
	}
}

// These say which kind of worlds to run.
var many, processes bool

// run returns the rule that a seed's world breaks. A core that panics breaks one as well.
func run(seed uint64) (rule string) {
	defer func() {
		if recover() != nil {
			rule = "panic"
		}
	}()
	if processes {
		if _, err := sharing.Run(seed); err != nil {
			return err.(*sharing.Violation).Rule
		}
		return ""
	}
	if many {
		if v := fleet.Run(seed, false).Violation; v != nil {
			return v.Rule
		}
		return ""
	}
	if v := world.Run(seed, false).Violation; v != nil {
		return v.Rule
	}
	return ""
}
