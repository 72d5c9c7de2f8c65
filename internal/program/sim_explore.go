package program

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/simulation/explore"
	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/proxy"
)

// simExplore visits every state of small worlds, one after the other: those of one token, and, unless they are to be
// large, those of two tokens at one endpoint, of two keys in a pool, and of a proxy that drains and is reloaded.
func (p *program) simExplore(ctx context.Context, large bool) error {
	visits := oneToken(explore.Worlds())
	if large {
		visits = oneToken(explore.LargeWorlds())
	} else {
		visits = append(visits, twoTokens(fleet.SmallWorlds())...)
		visits = append(visits, pools(fleet.SmallPools())...)
		visits = append(visits, proxies(proxy.SmallWorlds())...)
	}
	return p.exploreAll(ctx, visits)
}

// visit is a small world to be visited.
type visit struct {
	group, world string
	explore      func(ctx context.Context, progress func(states int)) (visited, error)
}

// visited is what a visit saw.
type visited struct {
	states, transitions, depth int
	broken                     string // the rule; empty if every one holds in every state
	text                       string // how, and the shortest way there
}

func oneToken(worlds []explore.World) (visits []visit) {
	for _, w := range worlds {
		visits = append(visits, visit{"ONE TOKEN", w.Name, func(ctx context.Context, progress func(int)) (visited, error) {
			r, err := explore.Explore(ctx, w, progress)
			seen := visited{states: r.States, transitions: r.Transitions, depth: r.Depth}
			if v := r.Violation; v != nil {
				seen.broken = v.Rule
				seen.text = fmt.Sprintf("%s is broken: %s\n  the shortest way there:\n    %s", v.Rule, v.Text, strings.Join(v.Path, "\n    "))
			}
			return seen, err
		}})
	}
	return visits
}

func twoTokens(worlds []fleet.Small) (visits []visit) {
	for _, w := range worlds {
		visits = append(visits, visit{"TWO TOKENS AT AN ENDPOINT", w.Name, func(ctx context.Context, progress func(int)) (visited, error) {
			r, err := fleet.Explore(ctx, w, progress)
			return visitedBy(r), err
		}})
	}
	return visits
}

func pools(worlds []fleet.SmallPool) (visits []visit) {
	for _, w := range worlds {
		visits = append(visits, visit{"TWO KEYS IN A POOL", w.Name, func(ctx context.Context, progress func(int)) (visited, error) {
			r, err := fleet.ExplorePool(ctx, w, progress)
			return visitedBy(r), err
		}})
	}
	return visits
}

func proxies(worlds []proxy.Small) (visits []visit) {
	for _, w := range worlds {
		visits = append(visits, visit{"A PROXY THAT DRAINS", w.Name, func(ctx context.Context, progress func(int)) (visited, error) {
			r, err := proxy.Explore(ctx, w, progress)
			return visitedBy(fleet.Found(r)), err
		}})
	}
	return visits
}

func visitedBy(r fleet.Found) visited {
	seen := visited{states: r.States, transitions: r.Transitions, depth: r.Depth}
	if r.Violation != nil {
		seen.text = r.Violation.Error()
		seen.broken, _, _ = strings.Cut(seen.text, " ")
	}
	return seen
}

// exploreAll reports each world as soon as it is covered, because the next one may take long.
func (p *program) exploreAll(ctx context.Context, visits []visit) error {
	const row = "%-26s%14s%14s%9s%12s\n"
	fmt.Fprintf(p.stdout, "\n"+row+"%s\n", "EVERY STATE OF", "states", "steps", "depth", "time", strings.Repeat("─", 75))
	var sum visited
	group := ""
	all := time.Now()
	for _, v := range visits {
		if v.group != group {
			group = v.group
			fmt.Fprintln(p.stdout, group)
		}
		bar := p.progress()
		started := time.Now()
		r, err := v.explore(ctx, func(states int) { bar.count(v.world, format.Plural(states, "state")) })
		bar.end()
		name := v.world
		if err != nil {
			name += ", in part"
		}
		fmt.Fprintf(p.stdout, row, name, format.Count(r.states), format.Count(r.transitions), format.Count(r.depth), format.Duration(time.Since(started)))
		if err != nil {
			return err
		}
		if r.broken != "" {
			fmt.Fprintf(p.stdout, "\n%s\n", r.text)
			return exit.Failf(exit.Broken, "rule %s is broken in the world %q", r.broken, v.world)
		}
		sum.states += r.states
		sum.transitions += r.transitions
		sum.depth = max(sum.depth, r.depth)
	}
	fmt.Fprintf(p.stdout, "%s\n"+row+"\nevery rule held in every state\n", strings.Repeat("─", 75),
		"all", format.Count(sum.states), format.Count(sum.transitions), format.Count(sum.depth), format.Duration(time.Since(all)))
	return nil
}
