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

// newCore is the core of a token, which asks before each fetch whether it may start if an endpoint or the token is
// shared.
func newCore(p core.Policy, m *member, shared bool) core.Core {
	if m == nil && !shared {
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
	if effects.Unqueue && e.forwarded() {
		in.Kind = endpoint.Withdraw
		at.post(posted{input: in})
	}
	if a, ok := msg.(admitted); ok && effects.Decline {
		e.member.giveBack(a.ticket)
	}
	wanted := request{flight: effects.Flight, urgent: effects.Urgent, manual: effects.Manual, new: effects.New}
	switch {
	case effects.Promote && e.forwarded():
		e.promote(wanted)
	case effects.Enqueue && e.shared == nil: // else other processes are asked first
		e.want(wanted)
	}
}

// want asks the endpoint for the admission of a fetch.
func (e *entry) want(r request) {
	e.ticket = endpoint.Ticket(e.member.endpoint.tickets.Add(1))
	e.promote(r)
}

// promote lets the endpoint know how urgent it is.
func (e *entry) promote(r request) {
	e.member.endpoint.post(posted{
		input: endpoint.Input{
			Kind: endpoint.Want, Ticket: e.ticket, Client: e.member.client, Urgent: r.urgent, Manual: r.manual, New: r.new && e.paced,
		},
		from: ticket{e, r.flight},
	})
}

// forwarded reports whether the endpoint knows of the fetch that waits.
func (e *entry) forwarded() bool { return e.shared == nil || e.shared.forwarded }

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
