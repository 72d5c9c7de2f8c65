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
	stub testgrpc.TestServiceClient
	took []time.Duration
}

func (m *measured) call(tb testing.TB) {
	began := time.Now()
	if _, err := m.stub.EmptyCall(tb.Context(), new(testgrpc.Empty)); err != nil {
		tb.Fatal(err)
	}
	m.took = append(m.took, time.Since(began))
}

// median is what a call takes, which other work on the machine hardly changes.
func (m *measured) median() time.Duration {
	slices.Sort(m.took)
	return m.took[len(m.took)/2]
}

// allocations are those of a call in the whole process, of which the server's are the same for all.
func (m *measured) allocations(tb testing.TB) float64 {
	const calls = 1000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		m.call(tb)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / calls
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
	for range 100 { // connects
		fixed.call(tb)
		ours.call(tb)
	}
	return fixed, ours
}

// BenchmarkUnary reports what a unary call costs relative to one with a fixed header: calls a second, and allocations
// that come on top. Each makes every other call, so that whatever else the machine does meets both.
func BenchmarkUnary(b *testing.B) {
	fixed, ours := sideBySide(b)
	b.ResetTimer()
	for range b.N {
		fixed.call(b)
		ours.call(b)
	}
	b.ReportMetric(float64(fixed.median())/float64(ours.median()), "calls/s-relative")
	b.ReportMetric(float64(ours.median()), "ns/call")
	b.ReportMetric(ours.allocations(b)-fixed.allocations(b), "more-allocs/call")
}

// A unary call makes at most two allocations more than one with a fixed header.
func TestG1_AllocationsOfAUnaryCall(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	fixed, ours := sideBySide(t)
	ofFixed, ofOurs := fixed.allocations(t), ours.allocations(t)
	require.LessOrEqual(t, ofOurs-ofFixed, 2.5, "%.1f and %.1f", ofOurs, ofFixed)
}
