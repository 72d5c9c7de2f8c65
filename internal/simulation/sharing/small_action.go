package sharing

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

// smallAction is one thing that may happen: to a process, by its number, or to all if that is 0.
type smallAction struct {
	verb    smallVerb
	process int
}

type smallVerb int

const (
	callerWants smallVerb = iota
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
	smallVerbs
)

var smallVerbNames = [smallVerbs]string{
	callerWants: "a caller wants a token", commandArrives: "the command arrives", commandLost: "the command is lost",
	replyArrives: "the reply arrives", replyLost: "the reply is lost", pushArrives: "the push arrives",
	fetchBrings: "the fetch brings a token", fetchFails: "the fetch fails", tokenRejected: "the token is rejected",
	timePasses: "time passes", allRevoked: "all tokens are revoked", processDies: "the process dies", storeEmptied: "the store is emptied",
}

// String is the action as a part of a path.
func (a smallAction) String() string {
	return fmt.Sprintf("%s (%d)", smallVerbNames[a.verb], a.process)
}

// smallActions is everything that may happen in some state.
func smallActions() (all []smallAction) {
	for verb := range smallVerbs {
		for process := range smallProcesses {
			all = append(all, smallAction{verb, process})
		}
	}
	return all
}

// do lets an action happen. It reports false if it cannot.
func (s *small) do(a smallAction) bool {
	p := &s.processes[a.process]
	switch a.verb {
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
		if a.verb == commandArrives {
			s.run(p, c)
		}
	case replyArrives, replyLost:
		if p.reply.Kind == 0 {
			return false
		}
		r := p.reply
		p.reply = store.Reply{}
		if a.verb == replyArrives {
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
		if !p.fetching {
			return false
		}
		s.endFetch(p, a.verb == fetchBrings)
	case tokenRejected:
		if p.token == 0 || p.token > s.revoked || p.wants || p.fetching {
			return false
		}
		p.rejected, p.wants = p.token, true
		s.step(p, sharing.Input{Kind: sharing.Rejected, Digest: digest(p.token), Origin: digest(api)})
		p.token = 0
		s.step(p, sharing.Input{Kind: sharing.Want, Urgent: true})
	case timePasses:
		if a.process > 0 || !s.advance() {
			return false
		}
	case allRevoked:
		if a.process > 0 || s.issued == 0 || s.revoked > 0 {
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
		if a.process > 0 || s.emptied || s.store.Epoch == 0 {
			return false
		}
		s.emptied, s.store = true, store.State{}
	}
	s.check(p)
	return true
}

func (s *small) endFetch(p *smallProcess, ok bool) {
	p.fetching = false
	if !ok {
		s.step(p, sharing.Input{Kind: sharing.FetchEnded})
		s.step(p, sharing.Input{Kind: sharing.RoundFailed, Class: store.Response, Backoff: 500 * time.Millisecond})
		return
	}
	s.issued++
	p.token = s.issued
	s.step(p, sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: digest(p.token), Life: time.Hour})
}

// advance lets time go by to the next deadline. It reports false if there is none.
func (s *small) advance() bool {
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
