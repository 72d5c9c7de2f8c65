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

// worlds runs the world of a seed, by the package that it is of, and returns the rule that it breaks.
var worlds = map[string]func(seed uint64) (rule string){
	"world": func(seed uint64) string {
		if v := world.Run(seed, false).Violation; v != nil {
			return v.Rule
		}
		return ""
	},
	"fleet": func(seed uint64) string {
		if v := fleet.Run(seed, false).Violation; v != nil {
			return v.Rule
		}
		return ""
	},
	"sharing": func(seed uint64) string {
		if _, err := sharing.Run(seed); err != nil {
			return err.(*sharing.Violation).Rule
		}
		return ""
	},
}

func main() {
	seeds := flag.Uint64("seeds", 2000, "how many worlds to run at most")
	of := flag.String("worlds", "world", "the package whose worlds to run: world, fleet or sharing")
	flag.Parse()
	world := worlds[*of]
	if world == nil {
		fmt.Fprintf(os.Stderr, "no package has worlds of the name %q\n", *of)
		os.Exit(2)
	}
	for seed := range *seeds {
		if rule := run(world, seed); rule != "" {
			fmt.Printf("%s %d\n", rule, seed+1)
			os.Exit(1)
		}
	}
}

// run returns the rule that a world breaks. A core that panics breaks one as well.
func run(world func(seed uint64) string, seed uint64) (rule string) {
	defer func() {
		if recover() != nil {
			rule = "panic"
		}
	}()
	return world(seed)
}
