package sharing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/search"
)

// Explore visits what can happen to two processes and a store in every order, up to a number of actions: commands,
// replies and pushes that arrive or are lost, fetches that end, a revocation, a death, a loss of data. It returns how
// many states it has visited, and the first rule that was broken, with the way there.
func Explore(depth int) (states int, err error) {
	first := small{now: time.Second}
	for i := range first.processes {
		first.processes[i] = newSmallProcess(i, 0)
	}
	g := search.New[smallAction]()
	g.Add(first.key(), 0, smallAction{})
	ahead := []small{first} // those that were reached and not visited yet, in the order of their visit
	actions := smallActions()
	_ = g.Visit(context.Background(), nil, func(i int) bool {
		if g.Depth() == depth {
			return false
		}
		from := ahead[0]
		ahead = ahead[1:]
		for _, a := range actions {
			to := from
			if !to.do(a) {
				continue
			}
			if to.broken != "" {
				err = broken(to.broken, append(g.Path(i), a))
				return false
			}
			if g.Add(to.key(), i, a) {
				ahead = append(ahead, to)
			}
		}
		return true
	})
	return g.Len(), err
}

func broken(rule string, path []smallAction) error {
	way := make([]string, len(path))
	for i, a := range path {
		way[i] = a.String()
	}
	return fmt.Errorf("%s, after %s", rule, strings.Join(way, ", "))
}
