package routing_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
)

// usual is a table as it may be, and a request as a library sends it.
func usual(t testing.TB) (*routing.Table, *routing.Request) {
	made := table(t, routing.Route{Name: "other", Host: "api.example", Path: "/"}, routing.Route{Name: "items", Path: "/items"},
		routing.Route{Name: "orders", Path: "/orders/", UpstreamPath: "/", Methods: []string{"GET", "POST"}})
	r := get("/orders/17/lines?page=3&q=a%20b")
	return made, with(r, "Accept", "*/*", "Accept-Encoding", "gzip, deflate, br", "User-Agent", "python-requests/2.28.1", "Connection", "keep-alive",
		"Content-Type", "application/json", "X-Request-Id", "1", "Traceparent", "00-1-2-01")
}

// Decide is on the way of every request.
func TestX4_DecidingAllocatesNothing(t *testing.T) {
	made, r := usual(t)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, refusal := made.Decide(r); refusal != nil {
			t.Fatal(refusal)
		}
	}))
	header, policy := http.Header(r.Header).Clone(), routing.Headers{}
	require.Zero(t, testing.AllocsPerRun(100, func() { policy.Outgoing(header, false) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { policy.Incoming(header) }))
	all, upgrade := everything(t), websocket()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, refusal := all.Decide(upgrade); refusal != nil {
			t.Fatal(refusal)
		}
	}))
}

func BenchmarkDecide(b *testing.B) {
	made, r := usual(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := made.Decide(r); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

func BenchmarkOutgoing(b *testing.B) {
	_, r := usual(b)
	policy := routing.Headers{}
	b.ReportAllocs()
	for b.Loop() {
		policy.Outgoing(r.Header, false)
	}
}
