package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

// The explorer visits every order of what two processes and a store may do: commands that arrive late, replies that
// are lost, leases that end, a process that dies, tokens that are rejected, data that is lost. It knows of the store
// only what goes in and comes out.

// explored is everything at one moment.
type explored struct {
	state store.State
	now   store.Time
	procs [2]exploredProcess
	// tokens counts those that were issued, and allowed those that may have been by now.
	tokens, allowed int
	// left is what may still go wrong.
	left faults
	// top is the greatest version that was ever published, and of the data that was not lost.
	top store.Version
}

// faults are how often what may go wrong may do so.
type faults struct{ losses, ends, deaths, rejections, wipes int }

// exploredProcess is one process: as simple as one can be that follows the protocol.
type exploredProcess struct {
	dead bool
	// token is the one that it uses, rejected the one that it has rejected last; 0: none.
	token, rejected int
	seen            store.Version
	// command is on its way to the store, or its reply was lost and it is sent again. Its Kind is 0 if there is none.
	kind  store.Kind
	grant store.Version
	// fetched is the token that a fetch under grant has obtained.
	fetched int
	// waits says that the store has asked it to wait; it asks again at that time.
	waits store.Time
}

func (e *explored) key(t *testing.T) string {
	return fmt.Sprintf("%s|%d|%v|%d|%d|%v|%v", encode(t, e.state), e.now, e.procs, e.tokens, e.allowed, e.left, e.top)
}

const lifetime = 3_600_000

func (e *explored) command(i int) store.Command {
	p := &e.procs[i]
	switch p.kind {
	case store.Acquire:
		c := acquire(i, seen(p.seen))
		if p.rejected > 0 {
			c.Rejected, c.Origin = name(p.rejected), name(100)
		} else {
			c.Urgent = true
		}
		return c
	case store.Publish:
		return publish(i, p.grant, p.fetched, start+lifetime)
	default:
		return release(i, p.grant)
	}
}

// explorer goes everywhere.
type explorer struct {
	t       *testing.T
	visited map[string]bool
	ends    int
}

func (x *explorer) visit(e explored, path []string) {
	key := e.key(x.t)
	if x.visited[key] {
		return
	}
	x.visited[key] = true
	x.check(&e, path)
	moved := false
	next := func(what string, change func(*explored)) {
		moved = true
		f := e
		change(&f)
		x.visit(f, append(path[:len(path):len(path)], what))
	}
	for i := range e.procs {
		p := e.procs[i]
		if p.dead {
			continue
		}
		who := fmt.Sprint("process ", i)
		switch {
		case p.kind != 0:
			next(who+": "+p.kind.String(), func(f *explored) { x.run(f, i, true, path) })
			if e.left.losses > 0 {
				next(who+": "+p.kind.String()+", the reply is lost", func(f *explored) {
					f.left.losses--
					x.run(f, i, false, path)
				})
			}
		case p.grant.Gen > 0:
			next(who+": the endpoint responds", func(f *explored) {
				f.tokens++
				f.procs[i].fetched, f.procs[i].kind = f.tokens, store.Publish
			})
		case p.token == 0 && p.waits <= e.now:
			next(who+": wants a token", func(f *explored) { f.procs[i].kind = store.Acquire })
		}
		if p.token > 0 && p.kind == 0 && p.grant.Gen == 0 && e.left.rejections > 0 {
			next(who+": its token is rejected", func(f *explored) {
				f.left.rejections--
				// Two may reject the same token for the price of one fetch, but each rejection may be of a new one.
				f.allowed++
				f.procs[i].rejected, f.procs[i].token = p.token, 0
			})
		}
		if e.left.deaths > 0 && !e.procs[1-i].dead {
			next(who+": dies", func(f *explored) {
				f.left.deaths--
				f.allowed++
				f.procs[i] = exploredProcess{dead: true}
			})
		}
	}
	if e.left.ends > 0 && e.state.Lease.Until > e.now {
		next("the lease ends", func(f *explored) {
			f.left.ends--
			f.allowed++
			f.now = f.state.Lease.Until
		})
	}
	if e.left.wipes > 0 && e.state.Epoch > 0 {
		next("the data is lost", func(f *explored) {
			f.left.wipes--
			f.allowed += 2
			f.state, f.top = store.State{}, store.Version{}
			f.now++ // no data is lost and made again within a millisecond
		})
	}
	if !moved {
		// All that is left is to wait.
		at := store.Time(0)
		for _, p := range e.procs {
			if !p.dead && p.token == 0 && p.waits > e.now {
				at = max(at, p.waits)
			}
		}
		if at > 0 {
			f := e
			f.now = at
			x.visit(f, append(path[:len(path):len(path)], "time passes"))
			return
		}
		x.end(&e, path)
	}
}

// run has the command of a process arrive, and its reply with it.
func (x *explorer) run(e *explored, i int, delivered bool, path []string) {
	p := &e.procs[i]
	c := e.command(i)
	before := e.state
	r, err := store.Step(e.state, e.now, c)
	x.require(err == nil, path, "%v", err)
	e.state = r.State
	had := store.Version{Epoch: before.Epoch, Gen: before.Record.Gen}
	x.require(!r.Reply.Version.Less(had), path, "the record went back")
	if r.Reply.Kind == store.Fetch && r.State.Fence > before.Fence {
		x.require(before.Lease.Until <= e.now || r.State.Epoch > before.Epoch, path, "two leases at the same time")
	}
	if c.Kind == store.Publish && r.Reply.Kind == store.Done {
		x.require(!r.Reply.Version.Less(e.top), path, "an older token replaces a newer")
		e.top = r.Reply.Version
	}
	if !delivered {
		return // it is sent again
	}
	p.kind = 0
	switch r.Reply.Kind {
	case store.Have:
		x.adopt(e, i, r.Reply, path)
	case store.Fetch:
		p.grant = r.Reply.Grant
	case store.Wait:
		p.waits = r.Reply.Until
	case store.Done:
		p.token, p.seen, p.grant, p.fetched = p.fetched, r.Reply.Version, store.Version{}, 0
	case store.Stale:
		// It keeps its own token, unless there is a newer one.
		p.token, p.grant, p.fetched = p.fetched, store.Version{}, 0
		if r.Reply.Record.Gen > 0 && p.seen.Less(r.Reply.Version) {
			x.adopt(e, i, r.Reply, path)
		}
	default:
		x.require(r.Reply.Kind == store.Suppressed, path, "%v", r.Reply.Kind)
		p.rejected = 0 // it uses the token that it has; here it asks for one as if it had none
	}
}

func (x *explorer) adopt(e *explored, i int, r store.Reply, path []string) {
	p := &e.procs[i]
	x.require(p.seen.Less(r.Version), path, "a process moves back")
	var token int
	_, err := fmt.Sscanf(string(r.Record.Sealed), "sealed %d", &token)
	x.require(err == nil, path, "the record is not whole")
	x.require(token != p.rejected, path, "a process is given what it rejected")
	p.token, p.seen = token, r.Version
}

// check looks at what holds at every moment.
func (x *explorer) check(e *explored, path []string) {
	x.require(e.tokens <= e.allowed, path, "%d tokens were fetched where %d suffice", e.tokens, e.allowed)
}

// end looks at what holds when nothing more happens.
func (x *explorer) end(e *explored, path []string) {
	x.ends++
	for i, p := range e.procs {
		if !p.dead {
			x.require(p.token > 0, path, "process %d never gets a token", i)
		}
	}
}

func (x *explorer) require(ok bool, path []string, format string, args ...any) {
	if !ok {
		x.t.Fatalf(format+" after\n\t%s", append(args, strings.Join(path, "\n\t"))...)
	}
}

func TestD11_TwoProcessesInEveryOrder(t *testing.T) {
	for what, left := range map[string]faults{
		"nothing goes wrong":           {},
		"replies are lost":             {losses: 3},
		"a process dies":               {deaths: 1, losses: 1, ends: 1},
		"tokens are rejected":          {rejections: 3},
		"leases end":                   {ends: 2, losses: 1},
		"rejected while leases end":    {rejections: 2, ends: 1},
		"data is lost":                 {wipes: 2, ends: 1},
		"data is lost after rejection": {wipes: 1, rejections: 2},
		"everything":                   {losses: 1, ends: 1, deaths: 1, rejections: 1, wipes: 1},
	} {
		x := &explorer{t: t, visited: map[string]bool{}}
		x.visit(explored{now: start, allowed: 1, left: left}, nil)
		require.Positive(t, x.ends, what)
		t.Logf("%s: %d states", what, len(x.visited))
	}
}
