package fleet

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// SmallPool is a small world that [ExplorePool] visits in every order of events: two keys, a pool that has too little
// room, and callers, owners and the pool's lock that take turns in every way they can.
type SmallPool struct {
	// Name identifies the world in reports.
	Name string
	// MaxTokens and MaxBusy are the pool's bounds.
	MaxTokens, MaxBusy int
	// Callers is how many come, Forgets how many times a token is forgotten: by hand, or because it was not used.
	Callers, Forgets int
	// Failing lets fetches fail, too, with a pause of several minutes. Minutes is how many times a minute may pass when
	// nothing else can happen.
	Failing bool
	Minutes int
	// Watcher lets one come, which watches the token of the first key until it goes.
	Watcher bool
}

// SmallPools are those that are worth a visit.
func SmallPools() []SmallPool {
	return []SmallPool{
		{Name: "one slot", MaxTokens: 1, MaxBusy: 2, Callers: 3, Forgets: 1},
		{Name: "two slots", MaxTokens: 2, MaxBusy: 2, Callers: 3},
		{Name: "two slots, one busy", MaxTokens: 2, MaxBusy: 1, Callers: 3, Forgets: 1},
		{Name: "one slot, failing", MaxTokens: 1, MaxBusy: 1, Callers: 3, Failing: true, Minutes: 1},
		{Name: "one slot, watched", MaxTokens: 1, MaxBusy: 2, Callers: 2, Forgets: 1, Watcher: true},
	}
}

const poolKeys = 2

// poolState is everything there is. It is made by doing what was done again, because the pool's own state cannot be
// copied.
type poolState struct {
	world    *SmallPool
	now      time.Duration
	members  pool.Members[int, *poolToken]
	index    poolIndex
	tokens   []*poolToken // that are not over, or that a caller is on its way to
	callers  []*poolCaller
	came     int
	forgets  int
	minutes  int
	watched  bool // a watcher has come
	violated error
}

type poolIndex map[int]*poolToken

func (x poolIndex) Find(key int) *poolToken { return x[key] }
func (x poolIndex) Add(t *poolToken)        { x[t.key] = t }
func (x poolIndex) Remove(t *poolToken) {
	if x[t.key] == t {
		delete(x, t.key)
	}
}

// poolToken is a token with its owner.
type poolToken struct {
	key           int
	core          core.Core
	life          pool.Life
	place         pool.Place
	used, called  time.Duration
	member        bool // it was added and has not been removed
	stays         bool // it must stay, by the last time that its owner let the pool know
	settling      bool // its owner has taken a step, and is about to let the pool know
	retiring      bool // a message that it has left the pool is on its way
	published     bool
	flying, ended bool // a fetch is in flight; it was cancelled
	flight        uint64
	waiting       []*poolCaller
	watchers      int
}

// poolCaller is a caller, or the watcher, on its way.
type poolCaller struct {
	key     int
	phase   poolPhase
	token   *poolToken // that it has found
	watcher bool
}

type poolPhase uint8

const (
	looking  poolPhase = iota // about to ask the index
	missed                    // it found no token there, and is about to take the lock
	found                     // its message is on its way to the owner
	waiting                   // the owner has it
	watching                  // the watcher is counted
)

func newPoolState(world *SmallPool) *poolState {
	s := &poolState{world: world, index: poolIndex{}}
	s.members = pool.New(pool.Policy{MaxTokens: world.MaxTokens, MaxBusy: world.MaxBusy}, s.index,
		func(t *poolToken) *pool.Place { return &t.place }, func(t *poolToken) time.Duration { return t.used })
	return s
}

// key is what states are compared by.
func (s *poolState) key() (b []byte) {
	add := func(n int) { b = binary.AppendVarint(b, int64(n)) }
	flags := func(all ...bool) {
		n := 0
		for i, f := range all {
			if f {
				n |= 1 << i
			}
		}
		add(n)
	}
	number := map[*poolToken]int{nil: -1}
	add(len(s.tokens))
	for i, t := range s.tokens {
		number[t] = i
		add(t.key)
		add(int(min(s.now-t.called, pool.QuietTime)))
		add(int(s.now - t.used))
		add(int(t.life.Reason()))
		flags(t.member, t.stays, t.settling, t.retiring, t.published, t.flying, t.ended, t.life.Over())
		add(t.watchers)
		b = t.core.AppendKey(b)
	}
	callers := make([]int, 0, len(s.callers)) // whose order makes no difference
	for _, c := range s.callers {
		n := (c.key*8+int(c.phase))*16 + number[c.token] + 1
		if c.watcher {
			n += 1 << 16
		}
		callers = append(callers, n)
	}
	slices.Sort(callers)
	add(len(callers))
	for _, n := range callers {
		add(n)
	}
	add(s.came)
	add(s.forgets)
	add(s.minutes)
	flags(s.watched)
	return b
}

// ExplorePool visits every state of a small pool, breadth first, until there are no more, a rule is broken, or ctx
// ends, whose cause it then returns. progress, if not nil, is called now and then with how many states there are.
func ExplorePool(ctx context.Context, world SmallPool, progress func(states int)) (Found, error) {
	v := newVisit[poolAction]()
	v.Add(newPoolState(&world).key(), 0, poolAction{})
	again := func(path []poolAction) *poolState {
		s := newPoolState(&world)
		for _, a := range path {
			s.do(a)
		}
		return s
	}
	err := v.Visit(ctx, progress, func(i int) bool {
		path := v.Path(i)
		for _, a := range again(path).actions() {
			s := again(path)
			s.do(a)
			s.check()
			if !v.arrive(s.key, i, a, s.violated) {
				return false
			}
		}
		return true
	})
	return v.found(world.Name), err
}
