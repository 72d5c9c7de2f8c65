package routing

import "slices"

// Deployment is what a configuration needs that outlives a reload.
type Deployment struct {
	// Listeners are addresses, each with its purpose in front where it is not to serve the routes.
	Listeners []string
	// Pools are the keys of the clients: equal keys mean equal settings.
	Pools []string
}

// Plan is what a reload does. No list has anything twice; each is in the order of the deployments.
type Plan struct {
	// Keep are listeners that both configurations have: their sockets and connections stay. Open are new. Drain are
	// those that the next configuration does not have: what has begun there may end.
	Keep, Open, Drain []string
	// KeepPools are pools that both configurations use, with the tokens in them. StartPools are new. RetirePools are
	// closed when the last request on the former configuration has ended, and not before: until then, both need theirs.
	KeepPools, StartPools, RetirePools []string
}

// PlanReload compares the current deployment with the next one.
func PlanReload(current, next Deployment) Plan {
	var p Plan
	p.Keep, p.Open, p.Drain = compare(current.Listeners, next.Listeners)
	p.KeepPools, p.StartPools, p.RetirePools = compare(current.Pools, next.Pools)
	return p
}

// compare divides what is in two lists into what both have, the next alone, and the current alone.
func compare(current, next []string) (both, added, removed []string) {
	had, has := set(current), set(next)
	for _, name := range once(next) {
		if had[name] {
			both = append(both, name)
		} else {
			added = append(added, name)
		}
	}
	for _, name := range once(current) {
		if !has[name] {
			removed = append(removed, name)
		}
	}
	return both, added, removed
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// once returns the names without those that came before.
func once(names []string) []string {
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}
