package sharing

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

// Explore visits what can happen to two processes and a store in every order, up to a number of actions: commands,
// replies and pushes that arrive or are lost, fetches that end, a revocation, a death, a loss of data. It returns how
// many states it has visited, and the first rule that was broken, with the way there.
func Explore(depth int) (states int, err error) {
	first := small{now: time.Second}
	for i := range first.processes {
		first.processes[i] = newSmallProcess(i, 0)
	}
	seen := map[string]bool{first.key(): true}
	level := []path{{state: first}}
	for range depth {
		var next []path
		for _, from := range level {
			for a := range actions {
				for i := range from.state.processes {
					to := from.state
					if !to.do(a, i) {
						continue
					}
					if to.broken != "" {
						return len(seen), fmt.Errorf("%s, after %s", to.broken, from.then(a, i))
					}
					if k := to.key(); !seen[k] {
						seen[k] = true
						next = append(next, path{to, &from, a, i})
					}
				}
			}
		}
		level = next
	}
	return len(seen), nil
}

// path is a state and how it came about.
type path struct {
	state   small
	before  *path
	action  smallAction
	process int
}

func (p *path) then(a smallAction, i int) string {
	text := fmt.Sprintf("%s (%d)", smallActions[a], i)
	for at := p; at.before != nil; at = at.before {
		text = fmt.Sprintf("%s (%d), ", smallActions[at.action], at.process) + text
	}
	return text
}

type smallAction int

const (
	callerWants smallAction = iota
	commandArrives
	commandLost
	replyArrives
	replyLost
	pushArrives
	fetchBrings
	fetchFails
	tokenRejected
	timePasses
	allRevoked
	processDies
	storeEmptied
	actions
)

var smallActions = [actions]string{
	callerWants: "a caller wants a token", commandArrives: "the command arrives", commandLost: "the command is lost",
	replyArrives: "the reply arrives", replyLost: "the reply is lost", pushArrives: "the push arrives",
	fetchBrings: "the fetch brings a token", fetchFails: "the fetch fails", tokenRejected: "the token is rejected",
	timePasses: "time passes", allRevoked: "all tokens are revoked", processDies: "the process dies", storeEmptied: "the store is emptied",
}

// small is one state. It is a plain value: copying it forks it.
type small struct {
	now       time.Duration
	store     store.State
	processes [2]smallProcess
	issued    int
	revoked   int // tokens up to this one
	deaths    int
	emptied   bool
	broken    string
}

type smallProcess struct {
	id, life        int
	born            time.Duration
	core            sharing.Core
	token           int
	rejected        int // the latest value that was
	wants, fetching bool
	version         store.Version // of the record that was adopted last
	op              uint64
	command         store.Command // on its way; none if its Kind is 0
	reply           store.Reply   // likewise
	push            store.Push    // likewise: none if Now is 0
	wake            time.Duration
	armed           bool
}

func newSmallProcess(id, life int) smallProcess {
	return smallProcess{id: id, life: life, core: sharing.New(sharing.Policy{
		Owner: fmt.Sprintf("p%d-%d", id, life), AttemptTimeout: 2 * time.Second, MinBackoff: 500 * time.Millisecond, MaxBackoff: time.Second,
	})}
}

func (s *small) key() string { return fmt.Sprintf("%+v", *s) }

func (s *small) storeTime() store.Time { return 1_900_000_000_000 + store.Time(s.now/time.Millisecond) }

// do lets an action happen. It reports false if it cannot.
func (s *small) do(a smallAction, i int) bool {
	p := &s.processes[i]
	switch a {
	case callerWants:
		if p.token != 0 || p.wants || p.fetching {
			return false
		}
		p.wants = true
		s.step(p, sharing.Input{Kind: sharing.Want, Urgent: true})
	case commandArrives, commandLost:
		if p.command.Kind == 0 {
			return false
		}
		c := p.command
		p.command = store.Command{}
		if a == commandArrives {
			s.run(p, c)
		}
	case replyArrives, replyLost:
		if p.reply.Kind == 0 {
			return false
		}
		r := p.reply
		p.reply = store.Reply{}
		if a == replyArrives {
			s.step(p, sharing.Input{Kind: sharing.Replied, Op: p.op, Reply: r, Opened: open(r.Record) != 0, Trusted: true})
		}
	case pushArrives:
		if p.push.Now == 0 {
			return false
		}
		push := p.push
		p.push = store.Push{}
		s.step(p, sharing.Input{Kind: sharing.Pushed, Push: push, Opened: open(push.Record) != 0, Trusted: true})
	case fetchBrings, fetchFails:
		return s.endFetch(p, a == fetchBrings)
	case tokenRejected:
		if p.token == 0 || p.token > s.revoked || p.wants || p.fetching {
			return false
		}
		p.rejected, p.wants = p.token, true
		s.step(p, sharing.Input{Kind: sharing.Rejected, Digest: digest(p.token), Origin: digest(api)})
		p.token = 0
		s.step(p, sharing.Input{Kind: sharing.Want, Urgent: true})
	case timePasses:
		return i == 0 && s.pass()
	case allRevoked:
		if i > 0 || s.issued == 0 || s.revoked > 0 {
			return false
		}
		s.revoked = s.issued
	case processDies:
		if s.deaths > 0 {
			return false
		}
		s.deaths++
		*p = newSmallProcess(p.id, p.life+1)
		p.born = s.now
	case storeEmptied:
		if i > 0 || s.emptied || s.store.Epoch == 0 {
			return false
		}
		s.emptied, s.store = true, store.State{}
	}
	s.check(p)
	return true
}

func (s *small) endFetch(p *smallProcess, ok bool) bool {
	if !p.fetching {
		return false
	}
	p.fetching = false
	if !ok {
		s.step(p, sharing.Input{Kind: sharing.FetchEnded})
		s.step(p, sharing.Input{Kind: sharing.RoundFailed, Class: store.Response, Backoff: 500 * time.Millisecond})
		s.check(p)
		return true
	}
	s.issued++
	p.token = s.issued
	s.step(p, sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: digest(p.token), Life: time.Hour})
	s.check(p)
	return true
}

// pass lets time go by to the next deadline.
func (s *small) pass() bool {
	var next time.Duration
	for i := range s.processes {
		if p := &s.processes[i]; p.armed && (next == 0 || p.born+p.wake < next) {
			next = p.born + p.wake
		}
	}
	if next == 0 || next > s.now+5*time.Second {
		return false
	}
	s.now = max(s.now, next)
	for i := range s.processes {
		if p := &s.processes[i]; p.armed && p.born+p.wake <= s.now {
			s.step(p, sharing.Input{Kind: sharing.Wake})
		}
	}
	return true
}

// run runs a command on the store.
func (s *small) run(p *smallProcess, c store.Command) {
	r, err := store.Step(s.store, s.storeTime(), c)
	if err != nil {
		s.fail("D11: a command is refused: %v", err)
		return
	}
	s.store, p.reply = r.State, r.Reply
	if r.Change == store.Pushed {
		for i := range s.processes {
			s.processes[i].push = s.store.Push(s.storeTime())
		}
	}
}

// step steps a process, and does what it decides.
func (s *small) step(p *smallProcess, in sharing.Input) {
	e := p.core.Step(s.now-p.born, 0, in)
	if e.Do {
		p.op, p.command, p.reply = e.Op, e.Command, store.Reply{}
		if e.Command.Kind == store.Publish {
			p.command.Sealed = sealed(p.token)
		}
	}
	p.wake, p.armed = e.Wake, e.Armed
	if e.Start {
		s.start(p, e.Alone)
	}
	if e.Adopt {
		s.adopt(p, in, e)
	}
}

func (s *small) start(p *smallProcess, alone bool) {
	if p.fetching || !p.wants {
		s.fail("M3: a fetch starts that is not wanted, or a second one")
	}
	other := &s.processes[1-p.id]
	if l := &s.store.Lease; !s.emptied && !alone && other.fetching && other.core.Granted() && l.Owner == fmt.Sprintf("p%d-%d", other.id, other.life) && s.storeTime() < l.Until {
		s.fail("D7: two fetches under leases at a time")
	}
	p.wants, p.fetching = false, true
}

func (s *small) adopt(p *smallProcess, in sharing.Input, e sharing.Effects) {
	r := in.Reply.Record
	if in.Kind == sharing.Pushed {
		r = in.Push.Record
	}
	token := open(r)
	if !p.version.Less(e.Version) {
		s.fail("D4: a process moves from %v back to %v", p.version, e.Version)
	}
	if token == p.rejected {
		s.fail("D5: a process adopts the token that it rejected")
	}
	p.version = e.Version
	fetched := p.fetching
	p.token, p.wants, p.fetching = token, false, false
	s.step(p, sharing.Input{Kind: sharing.Adopted, Digest: digest(token), Life: e.Left, Version: e.Version})
	s.step(p, sharing.Input{Kind: sharing.Unwant})
	if fetched {
		s.step(p, sharing.Input{Kind: sharing.FetchEnded})
	}
}

// check: whatever is wanted, something is being done about it.
func (s *small) check(p *smallProcess) {
	if p.wants && p.command.Kind == 0 && p.reply.Kind == 0 && !p.armed {
		s.fail("D4: a token is wanted, and nothing will ever happen")
	}
}

func (s *small) fail(format string, args ...any) {
	if s.broken == "" {
		s.broken = fmt.Sprintf(format, args...)
	}
}
