package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// driver steps a core in virtual time and remembers what it said.
type driver struct {
	t    *testing.T
	core *endpoint.Core
	now  time.Time
	draw float64

	granted []endpoint.Ticket
	refused map[endpoint.Ticket]endpoint.Refusal
	lifted  []endpoint.Ticket
	events  []endpoint.Event
	wake    core.Elapsed
	armed   bool
	most    int // tickets that one step notified something
}

func newDriver(t *testing.T, limit int, clients ...uint64) *driver {
	d := &driver{
		t: t, core: endpoint.New(endpoint.Policy{MaxInFlight: limit}), draw: 0.5,
		now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), refused: map[endpoint.Ticket]endpoint.Refusal{},
	}
	for _, id := range clients {
		d.step(endpoint.Input{Kind: endpoint.Attach, Client: id})
	}
	return d
}

func (d *driver) step(in endpoint.Input) {
	for {
		e := d.core.Step(d.now, d.draw, in)
		d.most = max(d.most, len(e.Refused)+len(e.Lifted))
		d.granted = append(d.granted, e.Granted...)
		for _, t := range e.Granted {
			delete(d.refused, t)
		}
		for _, r := range e.Refused {
			d.refused[r.Ticket] = r
		}
		d.lifted = append(d.lifted, e.Lifted...)
		d.events = append(d.events, e.Events[:e.N]...)
		d.wake, d.armed = e.Wake, e.Armed
		if !e.Again {
			return
		}
		in = endpoint.Input{Kind: endpoint.Wake}
	}
}

func (d *driver) want(ticket endpoint.Ticket, client uint64) {
	d.step(endpoint.Input{Kind: endpoint.Want, Ticket: ticket, Client: client, Urgent: true})
}

func (d *driver) refresh(ticket endpoint.Ticket, client uint64) {
	d.step(endpoint.Input{Kind: endpoint.Want, Ticket: ticket, Client: client})
}

// take returns what was granted since the last call.
func (d *driver) take() []endpoint.Ticket {
	g := d.granted
	d.granted = nil
	return g
}

func (d *driver) ends(ticket endpoint.Ticket, o endpoint.Outcome) {
	d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: ticket, Outcome: o})
}

func (d *driver) fails(ticket endpoint.Ticket) {
	d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: ticket, Outcome: endpoint.ServerError, Status: 503})
}

// pass lets time go by, and fires the timer when it is due.
func (d *driver) pass(by time.Duration) {
	for end := d.now.Add(by); ; {
		left := d.wake - d.core.Elapsed()
		if !d.armed || d.now.Add(left).After(end) {
			d.now = end
			d.step(endpoint.Input{Kind: endpoint.Wake})
			return
		}
		require.Positive(d.t, left, "M17: a deadline that has passed is armed")
		d.now = d.now.Add(left)
		d.step(endpoint.Input{Kind: endpoint.Wake, At: d.wake})
	}
}

// suspect makes two client ids meet trouble.
func (d *driver) suspect() {
	d.want(1001, 1)
	d.want(1002, 2)
	d.fails(1001)
	d.fails(1002)
	d.take()
}
