package manager

import (
	"hash/maphash"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// member is a client id at an endpoint. Tokens of the same client id may share one.
type member struct {
	endpoint *Endpoint
	client   uint64
	clientID string
}

// member returns what stands for a client id.
func (e *Endpoint) member(clientID string) *member {
	return &member{e, maphash.String(e.seed, clientID), clientID}
}

// join lets the endpoint know that a token uses it.
func (m *member) join() {
	m.endpoint.post(posted{input: endpoint.Input{Kind: endpoint.Attach, Client: m.client}})
}

// leave is for a token that is closed.
func (m *member) leave() {
	m.endpoint.post(posted{input: endpoint.Input{Kind: endpoint.Detach, Client: m.client}})
}

// giveBack is for an admission that comes too late.
func (m *member) giveBack(t endpoint.Ticket) {
	m.endpoint.post(posted{input: endpoint.Input{Kind: endpoint.Ended, Ticket: t}})
}

// newCore is the core of a token, which asks the endpoint before each fetch if there is one.
func newCore(p core.Policy, m *member) core.Core {
	if m == nil {
		return core.New(p)
	}
	return core.NewQueued(p)
}

// consult lets the endpoint know what the core decided about its fetches.
func (e *entry) consult(msg message, effects *core.Effects) {
	if e.member == nil {
		return
	}
	at := e.member.endpoint
	in := endpoint.Input{Ticket: e.ticket, Client: e.member.client}
	if effects.Freed {
		at.post(posted{input: e.ending(msg, in), clientID: e.member.clientID})
	}
	if effects.Unqueue {
		in.Kind = endpoint.Withdraw
		at.post(posted{input: in})
	}
	if a, ok := msg.(admitted); ok && effects.Decline {
		e.member.giveBack(a.ticket)
	}
	if effects.Enqueue {
		e.ticket = endpoint.Ticket(at.tickets.Add(1))
		in.Ticket = e.ticket
	}
	if effects.Enqueue || effects.Promote {
		in.Kind, in.Urgent, in.Manual = endpoint.Want, effects.Urgent, effects.Manual
		in.New = effects.New && e.paced
		at.post(posted{input: in, from: ticket{e, effects.Flight}})
	}
}

// ending is the end of a fetch as the endpoint understands it.
func (e *entry) ending(msg message, in endpoint.Input) endpoint.Input {
	in.Kind, in.Outcome = endpoint.Ended, endpoint.NoResponse // it was given up (M15)
	if f, ok := msg.(fetched); ok {
		in.Outcome, in.Status = f.evidence.outcome, f.evidence.status
		in.RetryAfter, in.Throttled = f.result.RetryAfter, f.result.EndsRound
	}
	if e.core.State().Closed {
		in.Outcome, in.Throttled = endpoint.NoEvidence, false
	}
	in.Retry, in.Backoff = e.core.Retrying(), e.core.Backoff()
	return in
}

// admitted: the endpoint admits a fetch.
type admitted struct {
	ticket endpoint.Ticket
	flight uint64
}

// refused: the endpoint refuses to let the callers of a fetch wait, or no longer if the refusal has no time.
type refused struct {
	flight  uint64
	refusal endpoint.Refusal
}
