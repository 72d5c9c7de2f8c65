package alfgrpc_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/alf-go/alf/alfgrpc"
)

// measured is a stub whose calls are measured.
type measured struct {
	stub   testgrpc.TestServiceClient
	calls  int
	rounds []time.Duration
	// allocations are those of the whole process, of which the server's are the same for all.
	allocations uint64
}

func (m *measured) run(ctx context.Context, tb testing.TB, calls int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range calls {
		if _, err := m.stub.EmptyCall(ctx, new(testgrpc.Empty)); err != nil {
			tb.Fatal(err)
		}
	}
	m.rounds = append(m.rounds, time.Since(began))
	runtime.ReadMemStats(&after)
	m.allocations += after.Mallocs - before.Mallocs
	m.calls += calls
}

// sideBySide returns stubs of two channels to one server: one with an interceptor that adds a fixed header, which is
// the least that a call with a token needs, and one with alfgrpc.
func sideBySide(tb testing.TB) (fixed, ours *measured) {
	s := newService(tb)
	s.verify = func(string) bool { return true }
	s.start("127.0.0.1:0")
	client := s.client()
	tok, err := client.Token(tb.Context())
	require.NoError(tb, err)
	value := tok.Authorization()
	header := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
		options ...grpc.CallOption) error {
		return invoke(metadata.AppendToOutgoingContext(ctx, "authorization", value), method, req, reply, conn, options...)
	}
	fixed = &measured{stub: testgrpc.NewTestServiceClient(s.dial(grpc.WithChainUnaryInterceptor(header)))}
	ours = &measured{stub: testgrpc.NewTestServiceClient(s.dial(alfgrpc.DialOptions(client)...))}
	for _, m := range []*measured{fixed, ours} { // connects
		m.run(tb.Context(), tb, 100)
		*m = measured{stub: m.stub}
	}
	return fixed, ours
}

// round is how many calls one of both makes before the other one does.
const round = 50

// inRounds runs both in short rounds, so that whatever else the machine does meets both.
func inRounds(tb testing.TB, fixed, ours *measured, calls int) {
	first, second := fixed, ours
	for n := 0; n < calls; n += round {
		first.run(tb.Context(), tb, round)
		second.run(tb.Context(), tb, round)
		first, second = second, first
	}
}

// median is the duration of a call in the median of the rounds, which other work on the machine hardly changes.
func (m *measured) median() float64 {
	slices.Sort(m.rounds)
	return float64(m.rounds[len(m.rounds)/2]) / round
}

func perCall(m *measured) float64 { return float64(m.allocations) / float64(m.calls) }

// BenchmarkUnary reports what a unary call costs relative to one with a fixed header: calls a second, and allocations
// that come on top.
func BenchmarkUnary(b *testing.B) {
	fixed, ours := sideBySide(b)
	b.ResetTimer()
	inRounds(b, fixed, ours, b.N)
	b.ReportMetric(fixed.median()/ours.median(), "calls/s-relative")
	b.ReportMetric(perCall(ours)-perCall(fixed), "more-allocs/call")
	b.ReportMetric(ours.median(), "ns/call")
}

// A unary call makes at most two allocations more than one with a fixed header.
func TestG1_AllocationsOfAUnaryCall(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	fixed, ours := sideBySide(t)
	inRounds(t, fixed, ours, 1000)
	require.LessOrEqual(t, perCall(ours)-perCall(fixed), 2.5, "%.1f and %.1f", perCall(ours), perCall(fixed))
}
