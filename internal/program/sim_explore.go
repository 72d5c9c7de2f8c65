package program

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/simulation/explore"
)

// simExplore visits every state of small worlds, one after the other.
func (p *program) simExplore(ctx context.Context, large bool) error {
	worlds := explore.Worlds()
	if large {
		worlds = explore.LargeWorlds()
	}
	return p.exploreAll(ctx, worlds)
}

// exploreAll reports each world as soon as it is covered, because the next one may take long.
func (p *program) exploreAll(ctx context.Context, worlds []explore.World) error {
	const row = "%-26s%14s%14s%9s%12s\n"
	fmt.Fprintf(p.stdout, "\n"+row+"%s\n", "EVERY STATE OF", "states", "steps", "depth", "time", strings.Repeat("─", 75))
	var sum explore.Result
	all := time.Now()
	for _, w := range worlds {
		bar := p.progress()
		started := time.Now()
		r, err := explore.Explore(ctx, w, func(states int) { bar.count(w.Name, format.Plural(states, "state")) })
		bar.end()
		name := r.World
		if err != nil {
			name += ", in part"
		}
		fmt.Fprintf(p.stdout, row, name, format.Count(r.States), format.Count(r.Transitions), format.Count(r.Depth), format.Duration(time.Since(started)))
		if err != nil {
			return err
		}
		if v := r.Violation; v != nil {
			fmt.Fprintf(p.stdout, "\n%s is broken: %s\n  the shortest way there:\n    %s\n", v.Rule, v.Text, strings.Join(v.Path, "\n    "))
			return exit.Failf(exit.Broken, "rule %s is broken in the world %q", v.Rule, r.World)
		}
		sum.States += r.States
		sum.Transitions += r.Transitions
		sum.Depth = max(sum.Depth, r.Depth)
	}
	fmt.Fprintf(p.stdout, "%s\n"+row+"\nevery rule held in every state\n", strings.Repeat("─", 75),
		"all", format.Count(sum.States), format.Count(sum.Transitions), format.Count(sum.Depth), format.Duration(time.Since(all)))
	return nil
}
