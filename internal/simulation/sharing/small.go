package sharing

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

const smallProcesses = 2

// small is one state. It is a plain value: copying it forks it.
type small struct {
	now       time.Duration
	store     store.State
	processes [smallProcesses]smallProcess
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

// owner is how a process calls itself.
func owner(id, life int) string { return fmt.Sprintf("p%d-%d", id, life) }

func newSmallProcess(id, life int) smallProcess {
	return smallProcess{id: id, life: life, core: sharing.New(sharing.Policy{
		Owner: owner(id, life), AttemptTimeout: 2 * time.Second, MinBackoff: 500 * time.Millisecond, MaxBackoff: time.Second,
	})}
}

func (s *small) key() []byte { return fmt.Appendf(nil, "%+v", *s) }

func (s *small) storeTime() store.Time { return storeBegan + store.Time(s.now/time.Millisecond) }

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
	if l := &s.store.Lease; !s.emptied && !alone && other.fetching && other.core.Granted() && l.Owner == owner(other.id, other.life) && s.storeTime() < l.Until {
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
