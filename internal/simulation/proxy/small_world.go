package proxy

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/core/routing"
)

// Small is a small world that [Explore] visits in every order of events: a process with its listeners, pools and
// configurations, callers with their requests, and messages to the cores that take any time.
type Small struct {
	// Name identifies the world in reports.
	Name string
	// Callers is how many requests there may be at a time, and Requests how many there may be in all.
	Callers, Requests int
	// Reloads is how many reloads there may be, to any of the configurations.
	Reloads int
	// Upgrades lets requests become connections of another protocol, Time lets time pass while draining.
	Upgrades, Time bool
}

// SmallWorlds are those that are worth a visit.
func SmallWorlds() []Small {
	return []Small{
		{Name: "two reloads", Callers: 2, Requests: 2, Reloads: 2},
		{Name: "deadlines and upgrades", Callers: 2, Requests: 3, Upgrades: true, Time: true},
		{Name: "a reload while draining", Callers: 2, Requests: 2, Reloads: 1, Upgrades: true, Time: true},
		{Name: "many requests", Callers: 2, Requests: 5, Reloads: 1},
	}
}

// configuration is what a reload goes to. Routes lead to the pool of their index.
type configuration struct {
	routing.Deployment
	draining.Policy
}

// configurations are those of all small worlds: the second has one listener and another client instead of the second,
// and other limits; the third has the same clients as the first, in another order.
var configurations = [...]configuration{
	{routing.Deployment{Listeners: []string{"one", "two"}, Pools: []string{"shared", "first"}}, draining.Policy{DrainTime: 30 * time.Second, UpgradeDrainTime: 10 * time.Second}},
	{routing.Deployment{Listeners: []string{"one"}, Pools: []string{"shared", "second"}}, draining.Policy{DrainTime: 5 * time.Second, UpgradeDrainTime: 8 * time.Second}},
	{routing.Deployment{Listeners: []string{"two", "one"}, Pools: []string{"first", "shared"}}, draining.Policy{}},
}

// smallState is everything there is.
type smallState struct {
	now     time.Duration // since the beginning
	process life
	removed []removedListener
	// generations are those that were, from the first on; current is the index of the one that requests get.
	generations []generation
	current     int
	pools       []smallPool
	listeners   []string // that were opened, by name
	accepting   []int    // listeners, by index
	callers     []caller
	began       int // requests
	reloads     int
	asked       int // how often the end was asked for
}

// life is a core of package draining, and what is known of it without that.
type life struct {
	core           *draining.Core
	policy         draining.Policy
	opened, usable bool

	terminated, upgradedClosed, aborted, quiet, ended bool
	at                                                time.Duration // when it was terminated
	deadline                                          time.Duration // 0: there is none
}

// removedListener is one that a reload has removed.
type removedListener struct {
	life
	listener int  // index
	unused   bool // no upgraded connection is left there
}

// generation is a configuration, and the pools that its requests use.
type generation struct {
	config   int
	pools    []int // indices
	requests int   // that use it
	unused   bool  // which was reported
	retired  bool
}

// smallPool is a pool of tokens. Several may have had the same key, one after the other.
type smallPool struct {
	key    string
	closed bool
}

// caller has one request at a time.
type caller struct {
	busy, upgraded             bool
	generation, pool, listener int // indices
}

// newSmallState is the beginning: the first configuration, of which nothing serves yet.
func newSmallState(w *Small) *smallState {
	first := &configurations[0]
	s := &smallState{
		process: life{core: draining.New(first.Policy), policy: first.Policy}, callers: make([]caller, w.Callers),
		generations: []generation{{}},
	}
	s.open(first.Listeners)
	for _, key := range first.Pools {
		s.generations[0].pools = append(s.generations[0].pools, len(s.pools))
		s.pools = append(s.pools, smallPool{key: key})
	}
	return s
}

// open opens listeners.
func (s *smallState) open(names []string) {
	for _, name := range names {
		s.accepting = append(s.accepting, len(s.listeners))
		s.listeners = append(s.listeners, name)
	}
}

// clone copies all of it.
func (s *smallState) clone() *smallState {
	c := *s
	c.process.core = s.process.core.Clone()
	c.removed, c.generations, c.pools = slices.Clone(s.removed), slices.Clone(s.generations), slices.Clone(s.pools)
	c.listeners, c.accepting, c.callers = slices.Clone(s.listeners), slices.Clone(s.accepting), slices.Clone(s.callers)
	for i := range c.removed {
		c.removed[i].core = s.removed[i].core.Clone()
	}
	return &c
}

// key distinguishes states.
func (s *smallState) key() (b []byte) {
	add := func(numbers ...int) {
		for _, n := range numbers {
			b = binary.AppendVarint(b, int64(n))
		}
	}
	flags := func(flags ...bool) {
		for _, f := range flags {
			add(number(f))
		}
	}
	s.eachLife(func(l *life) {
		b = l.core.AppendKey(b)
		flags(l.opened, l.usable, l.terminated, l.upgradedClosed, l.aborted, l.quiet, l.ended)
		add(int(l.at), int(l.deadline), int(l.policy.DrainTime), int(l.policy.UpgradeDrainTime))
	})
	add(int(s.now), s.current, s.began, s.reloads, s.asked, len(s.removed), len(s.generations), len(s.accepting), len(s.listeners))
	for i := range s.removed {
		add(s.removed[i].listener)
		flags(s.removed[i].unused)
	}
	for i := range s.generations {
		g := &s.generations[i]
		add(g.config, g.requests)
		flags(g.unused, g.retired)
		add(g.pools...)
	}
	for i := range s.pools {
		b = append(append(b, s.pools[i].key...), 0)
		flags(s.pools[i].closed)
	}
	add(s.accepting...)
	for _, name := range s.listeners {
		b = append(append(b, name...), 0)
	}
	for _, c := range s.callers {
		flags(c.busy, c.upgraded)
		add(c.generation, c.pool, c.listener)
	}
	return b
}
