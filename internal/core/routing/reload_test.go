package routing_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

func TestX3_AReloadKeepsWhatBothConfigurationsHave(t *testing.T) {
	plan := routing.PlanReload(
		routing.Deployment{Listeners: []string{"a", "b", "c"}, Pools: []string{"one", "two", "one"}},
		routing.Deployment{Listeners: []string{"d", "b", "d", "a"}, Pools: []string{"three", "two", "two"}},
	)
	require.Equal(t, routing.Plan{
		Keep: []string{"b", "a"}, Open: []string{"d"}, Drain: []string{"c"},
		KeepPools: []string{"two"}, StartPools: []string{"three"}, RetirePools: []string{"one"},
	}, plan)
}

// All pairs of lists over three names, each name up to two times.
func TestX3_AReloadPlansEachNameOnce(t *testing.T) {
	names := []string{"a", "b", "c"}
	var lists [][]string
	for n := range 27 {
		var list []string
		for i, name := range names {
			for range n / []int{1, 3, 9}[i] % 3 {
				list = append(list, name)
			}
		}
		lists = append(lists, list)
	}
	for _, current := range lists {
		for _, next := range lists {
			p := routing.PlanReload(routing.Deployment{Listeners: current, Pools: next}, routing.Deployment{Listeners: next, Pools: current})
			for _, name := range names {
				had, has := slices.Contains(current, name), slices.Contains(next, name)
				count := func(list []string) (n int) {
					for _, other := range list {
						if other == name {
							n++
						}
					}
					return n
				}
				one := map[bool]int{true: 1}
				require.Equal(t, one[had && has], count(p.Keep))
				require.Equal(t, one[!had && has], count(p.Open))
				require.Equal(t, one[had && !has], count(p.Drain))
				require.Equal(t, one[had && has], count(p.KeepPools))
				require.Equal(t, one[had && !has], count(p.StartPools))
				require.Equal(t, one[!had && has], count(p.RetirePools))
			}
		}
	}
}
