package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/endpoint"
)

type tickets = []endpoint.Ticket

func TestE1_TheLimitHolds(t *testing.T) {
	d := newDriver(t, 2, 1)
	for i := range endpoint.Ticket(5) {
		d.want(i+1, 1)
	}
	require.Equal(t, tickets{1, 2}, d.take())
	d.ends(2, endpoint.Works)
	require.Equal(t, tickets{3}, d.take())
	d.step(endpoint.Input{Kind: endpoint.Withdraw, Ticket: 4})
	d.ends(1, endpoint.NoEvidence)
	require.Equal(t, tickets{5}, d.take(), "a withdrawn ticket is granted to no caller, and the next one is")
	require.Empty(t, d.refused)
}

func TestE1_AQuarterWhileOthersWait(t *testing.T) {
	d := newDriver(t, 8, 1, 2)
	for i := range endpoint.Ticket(20) {
		d.want(i+1, 1)
	}
	require.Len(t, d.take(), 8, "a client id alone uses the whole limit")
	d.want(101, 2)
	d.want(102, 2)
	d.want(103, 2)
	require.Empty(t, d.take())
	d.ends(1, endpoint.Works)
	d.ends(2, endpoint.Works)
	require.Equal(t, tickets{101, 102}, d.take(), "what the other one has too much of goes to this one")
	d.ends(3, endpoint.Works)
	require.Empty(t, d.take(), "both wait, so neither has more than a quarter")
	d.step(endpoint.Input{Kind: endpoint.Withdraw, Ticket: 103})
	require.Equal(t, tickets{9}, d.take(), "nothing else waits any more, so the whole limit is used again")
}

func TestE1_ClientsAlternate(t *testing.T) {
	d := newDriver(t, 4, 1, 2, 3)
	d.want(91, 1)
	d.want(92, 2)
	d.want(93, 3)
	d.want(94, 3)
	require.Equal(t, tickets{91, 92, 93, 94}, d.take())
	for i := range endpoint.Ticket(3) {
		d.want(11+i, 1)
	}
	d.want(21, 2)
	d.want(31, 3)
	var order tickets
	for _, end := range []endpoint.Ticket{91, 92, 93, 94} {
		d.ends(end, endpoint.Works)
		order = append(order, d.take()...)
	}
	require.Equal(t, tickets{11, 21}, order[:2], "one of each, in the order in which they came")
	require.Contains(t, order, endpoint.Ticket(31))
}

func TestE3_UrgentBeforeRefreshes(t *testing.T) {
	d := newDriver(t, 1, 1, 2)
	d.want(1, 1)
	d.take()
	d.refresh(2, 1)
	d.refresh(3, 2)
	d.want(4, 2)
	d.want(2, 1) // its token was lost meanwhile, and a caller waits
	var order tickets
	for last := endpoint.Ticket(1); last != 0; {
		d.ends(last, endpoint.Works)
		next := d.take()
		last = 0
		if len(next) > 0 {
			last = next[0]
		}
		order = append(order, next...)
	}
	require.Equal(t, tickets{4, 2, 3}, order)
}

func TestP4_NewTokensOfAClientIDHaveAPace(t *testing.T) {
	d := newDriver(t, 1000, 1, 2)
	want := func(ticket endpoint.Ticket, client uint64) {
		d.step(endpoint.Input{Kind: endpoint.Want, Ticket: ticket, Client: client, Urgent: true, New: true})
	}
	for i := range endpoint.Ticket(250) {
		want(i+1, 1)
	}
	require.Len(t, d.take(), 100)
	d.want(1001, 1)
	require.Equal(t, tickets{1001}, d.take(), "a token that is known is not slowed down")
	want(2001, 2)
	require.Equal(t, tickets{2001}, d.take(), "nor is another client id")
	d.pass(999 * time.Millisecond)
	require.Empty(t, d.take())
	d.pass(time.Millisecond)
	require.Len(t, d.take(), 100)
	d.pass(time.Second)
	require.Len(t, d.take(), 50)
	require.Empty(t, d.refused)
}

func TestE1_AStepIsShortWith100000Waiting(t *testing.T) {
	const n = 100_000
	d := newDriver(t, 64, 1, 2)
	for i := range endpoint.Ticket(n) {
		d.want(i+1, uint64(i%5000))
	}
	d.step(endpoint.Input{Kind: endpoint.Attach, Client: 5000})
	begin := time.Now()
	served := 0
	for q := d.take(); len(q) > 0; q = d.take() {
		for _, ticket := range q {
			d.ends(ticket, endpoint.Works)
			served++
		}
	}
	require.Equal(t, n, served)
	if took := time.Since(begin); took > 3*time.Second*slower {
		t.Fatalf("%d ends took %v", n, took)
	}

	// Becoming suspect concerns 100,000, a few in each step.
	for i := range endpoint.Ticket(n) {
		d.want(i+1, uint64(i%5000))
	}
	q := d.take()
	d.most = 0
	d.fails(q[0])
	d.fails(q[1])
	require.Greater(t, len(d.refused), n-100)
	require.LessOrEqual(t, d.most, 256)
}
