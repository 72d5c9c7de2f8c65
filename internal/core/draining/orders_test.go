package draining_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/draining"
)

var (
	start  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	limits = draining.Policy{DrainTime: 30 * time.Second, UpgradeDrainTime: 10 * time.Second}
)

// stage is how far a request is. Between two stages is one atomic operation of package proxy, so that every order of
// these operations is visited.
type stage uint8

const (
	unborn   stage = iota
	loaded         // it has read which generation is current
	counted        // it is counted there
	using          // the generation was still current
	upgraded       // it has become a websocket
	leaving        // it is not counted any more, and was the last one: does the generation take no more requests?
	last           // it does not: is this still the last one? Another may have begun before
	gone
)

type request struct {
	stage stage
	on    draining.Generation
	left  stage // after leaving
}

// extent is what a world has.
type extent struct {
	requests, reloads int
	time              bool // it passes
}

// world is what package proxy does around the core.
type world struct {
	extent
	core                                                                                           *draining.Core
	now                                                                                            time.Time
	requests                                                                                       []request
	serving                                                                                        [4]int  // requests, by generation
	retiring                                                                                       [4]bool // a generation that takes no more requests
	retired                                                                                        [4]bool
	current                                                                                        draining.Generation // that requests read
	reloaded                                                                                       int
	reloading                                                                                      int // 0: no; otherwise the operation that is next
	opened, usable, ready, terminated, drain, closedUpgraded, aborted, quiet, retireCurrent, ended bool
	terminatedAt                                                                                   time.Time
	deadline                                                                                       time.Time
}

func newWorld(of extent) *world {
	return &world{extent: of, core: draining.New(limits), now: start, current: 1, requests: make([]request, of.requests)}
}

// step has the core take an input, and checks what it wants done.
func (w *world) step(in draining.Input) draining.Effects {
	e := w.core.Step(in, w.now)
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(fmt.Sprintf(format, args...))
		}
	}
	overdue := w.terminated && !w.now.Before(w.terminatedAt.Add(limits.DrainTime+draining.AbortTime))
	must(!w.ended || !e.End && !e.Drain && !e.Abort && !e.CloseUpgraded && len(e.Retire) == 0, "something is done after the end: %+v", e)
	must(e.Ready == (w.opened && w.usable && !w.terminated), "ready: %v", e.Ready)
	must(e.Refused == (in.Kind == draining.Reloaded && w.terminated), "refused: %v", e.Refused)
	must(e.Drain == (in.Kind == draining.Terminated && !w.drain && !w.ended), "drain: %v", e.Drain)
	w.drain = w.drain || e.Drain
	must(!e.CloseUpgraded || !w.closedUpgraded, "upgraded connections are closed twice")
	w.closedUpgraded = w.closedUpgraded || e.CloseUpgraded
	must(!e.Abort || !w.aborted, "aborted twice")
	w.aborted = w.aborted || e.Abort
	if w.terminated && !w.ended && !e.End {
		must(w.closedUpgraded == !w.now.Before(w.terminatedAt.Add(limits.UpgradeDrainTime)), "upgraded connections at %v: %v", w.now, w.closedUpgraded)
		must(w.aborted == !w.now.Before(w.terminatedAt.Add(limits.DrainTime)), "aborted at %v: %v", w.now, w.aborted)
	}
	for _, g := range e.Retire {
		must(!w.retired[g], "generation %d is retired twice", g)
		w.retired[g] = true
		must(g != w.current || w.quiet || overdue, "the current generation is retired")
	}
	for i := range w.requests {
		r := &w.requests[i]
		must(!w.retired[r.on] || r.stage != using && r.stage != upgraded || overdue && w.aborted, "generation %d is retired in use", r.on)
	}
	if e.End {
		w.ended = true
		for g := draining.Generation(1); g <= w.current; g++ {
			must(w.retired[g], "generation %d is left at the end", g)
		}
		must(w.quiet || overdue, "the end comes with connections")
	}
	w.ready, w.deadline = e.Ready, e.Deadline
	must(w.deadline.IsZero() || w.deadline.After(w.now), "the deadline has passed")
	must(w.ended || !w.terminated || !w.deadline.IsZero(), "there is no deadline while draining")
	return e
}

// release takes a request off the count of its generation.
func (w *world) release(i int, then stage) {
	r := &w.requests[i]
	w.serving[r.on]--
	r.stage, r.left = leaving, then
	if w.serving[r.on] > 0 {
		r.stage = then
	}
}

// retire is what is done when a generation takes no more requests.
func (w *world) retire(g draining.Generation) {
	if w.serving[g] == 0 {
		w.step(draining.Input{Kind: draining.Unused, Generation: g})
	}
}

// actions are what may happen next, by name.
func (w *world) actions() map[string]func() {
	a := map[string]func(){}
	if w.ended {
		return a
	}
	if !w.opened {
		a["open"] = func() { w.opened = true; w.step(draining.Input{Kind: draining.Opened}) }
	}
	if !w.usable {
		a["usable"] = func() { w.usable = true; w.step(draining.Input{Kind: draining.Usable}) }
	}
	if w.reloaded < w.reloads && w.reloading == 0 {
		a["reload"] = func() {
			w.reloaded++
			if !w.step(draining.Input{Kind: draining.Reloaded, Policy: limits}).Refused {
				w.reloading = 1
			}
		}
	}
	switch w.reloading {
	case 1:
		a["swap"] = func() { w.current++; w.reloading = 2 }
	case 2:
		a["mark"] = func() { w.retiring[w.current-1] = true; w.reloading = 3 }
	case 3:
		a["look"] = func() { w.reloading = 0; w.retire(w.current - 1) }
	}
	a["terminate"] = func() {
		if !w.terminated {
			w.terminated, w.terminatedAt = true, w.now
		}
		w.step(draining.Input{Kind: draining.Terminated})
	}
	if w.time && !w.deadline.IsZero() {
		a["wait"] = func() { w.now = w.deadline; w.step(draining.Input{}) }
		a["wait long"] = func() { w.now = w.now.Add(time.Hour); w.step(draining.Input{}) }
		a["wait shortly"] = func() { w.now = w.now.Add(w.deadline.Sub(w.now) / 2); w.step(draining.Input{}) }
		if w.deadline.Sub(w.now) < time.Second/2 {
			delete(a, "wait shortly")
		}
	}
	onConnections := false
	for i := range w.requests {
		r := &w.requests[i]
		onConnections = onConnections || r.stage != unborn && r.stage != upgraded && r.stage != leaving && r.stage != last && r.stage != gone
		act := func(name string, f func()) { a[fmt.Sprint(name, " ", i)] = f }
		switch r.stage {
		case unborn:
			if w.opened && !w.quiet {
				act("begin", func() { r.stage, r.on = loaded, w.current })
			}
		case loaded:
			act("count", func() { w.serving[r.on]++; r.stage = counted })
		case counted:
			act("check", func() {
				if r.stage = using; w.current != r.on {
					w.release(i, unborn)
				}
			})
		case using:
			act("upgrade", func() { r.stage = upgraded })
			act("end", func() { w.release(i, gone) })
		case upgraded:
			act("end", func() { w.release(i, gone) })
		case leaving:
			act("leave", func() {
				if r.stage = r.left; w.retiring[r.on] {
					r.stage = last
				}
			})
		case last:
			act("look", func() { r.stage = r.left; w.retire(r.on) })
		}
	}
	if w.drain && !w.quiet && !onConnections && w.reloading == 0 {
		a["quiet"] = func() { w.quiet, w.retireCurrent = true, true; w.step(draining.Input{Kind: draining.Quiet}) }
	}
	if w.retireCurrent {
		a["mark current"] = func() { w.retireCurrent, w.retiring[w.current] = false, true; w.retire(w.current) }
	}
	return a
}

// settled checks what holds when nothing is under way: former generations without requests are retired.
func (w *world) settled() {
	if w.reloading != 0 || w.retireCurrent || w.ended {
		return
	}
	for _, r := range w.requests {
		if r.stage == leaving || r.stage == last {
			return
		}
	}
	for g := draining.Generation(1); g < w.current; g++ {
		if w.serving[g] == 0 && !w.retired[g] {
			panic(fmt.Sprintf("generation %d is not retired, although nothing uses it", g))
		}
	}
	if w.quiet && w.serving == [4]int{} {
		panic("nothing is left, and it has not ended")
	}
}

func (w *world) key() string {
	plain := *w
	plain.core = nil
	plain.requests = slices.Clone(w.requests) // which of them is which makes no difference
	slices.SortFunc(plain.requests, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.on, b.on), cmp.Compare(a.left, b.left))
	})
	return fmt.Sprintf("%+v %+v", *w.core, plain)
}

// replay makes the world again that a history has led to.
func replay(t *testing.T, of extent, history []string) (w *world, failed any) {
	defer func() {
		if failed = recover(); failed != nil {
			t.Errorf("after %q: %v", history, failed)
		}
	}()
	w = newWorld(of)
	for _, name := range history {
		w.actions()[name]()
	}
	w.settled()
	return w, nil
}

// explore visits every order of actions, and returns how often the end was reached without an abort and with one.
func explore(t *testing.T, of extent) (ended, aborted int) {
	seen := map[string]bool{}
	queue := [][]string{nil}
	for len(queue) > 0 {
		history := queue[0]
		queue = queue[1:]
		w, failed := replay(t, of, history)
		if failed != nil {
			t.FailNow()
		}
		key := w.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		switch {
		case w.aborted && w.ended:
			aborted++
		case w.ended:
			ended++
		}
		for name := range w.actions() {
			queue = append(queue, append(slices.Clip(history), name))
		}
		require.True(t, w.ended || len(w.actions()) > 0, history)
	}
	t.Logf("%d states, %d ends, %d after an abort", len(seen), ended, aborted)
	require.NotZero(t, ended)
	return ended, aborted
}

// Two requests, two reloads and signals, by single atomic operations.
func TestX3_EveryOrderOfRequestsReloadsAndSignals(t *testing.T) {
	explore(t, extent{requests: 2, reloads: 2})
}

// Less of these, and time that passes.
func TestX3_EveryOrderWithDeadlines(t *testing.T) {
	_, aborted := explore(t, extent{requests: 1, reloads: 1, time: true})
	require.NotZero(t, aborted)
}
