package alfgrpc_test

import (
	"context"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf/alfgrpc"
)

// sequenced takes messages that ask for a response of 1 byte, of 2 bytes and so on, and responds once a number of them
// that differs from stream to stream has arrived.
type sequenced struct {
	testgrpc.UnimplementedTestServiceServer
	t testing.TB
}

func (s sequenced) FullDuplexCall(stream testgrpc.TestService_FullDuplexCallServer) error {
	silent := rand.IntN(10)
	var unsent []int32
	for want := int32(1); ; want++ {
		in, err := stream.Recv()
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			if got := in.GetResponseParameters()[0].GetSize(); got != want {
				s.t.Errorf("message %d has arrived as the %dth", got, want)
				return status.Error(codes.FailedPrecondition, "not in sequence")
			}
			unsent = append(unsent, want)
		}
		if err == io.EOF || len(unsent) > silent {
			for _, size := range unsent {
				if err := stream.Send(&testgrpc.StreamingOutputCallResponse{Payload: payload(int(size))}); err != nil {
					return err
				}
			}
			unsent, silent = nil, 0
		}
		if err == io.EOF {
			return nil
		}
	}
}

// However the refusal of a stream falls together with what its caller does, on one goroutine or two, the server gets
// all messages in their order, once, and the caller all responses.
func TestG2_NoMessageIsLostDoubledOrMisplaced(t *testing.T) {
	streams := 400
	if raceEnabled {
		streams = 100
	}
	const messages = 40
	s := newService(t)
	s.register = func(server *grpc.Server) { testgrpc.RegisterTestServiceServer(server, sequenced{t: t}) }
	s.refuse = func(_ context.Context, _ string, n int) error {
		for range rand.IntN(200) {
			runtime.Gosched()
		}
		return nil
	}
	s.start("127.0.0.1:0")
	client := s.client(generous)
	conn := s.dial(alfgrpc.DialOptions(client)...)
	stub, ctx := testgrpc.NewTestServiceClient(conn), within(t)
	for round := range 4 {
		s.Revoke()
		together(streams/4, func() {
			stream, err := stub.FullDuplexCall(ctx)
			if err != nil {
				t.Errorf("opening: %v", err)
				return
			}
			var sending sync.WaitGroup
			send := func() {
				for i := range messages {
					if err := stream.Send(request(int32(i + 1))); err != nil {
						t.Errorf("sending: %v", err)
						return
					}
					for range rand.IntN(50) {
						runtime.Gosched()
					}
				}
				_ = stream.CloseSend()
			}
			if round%2 == 0 {
				sending.Go(send)
				if rand.IntN(2) == 0 {
					_, _ = stream.Header()
				}
			} else {
				send()
			}
			for i := range messages {
				response, err := stream.Recv()
				if err != nil || len(response.GetPayload().GetBody()) != i+1 {
					t.Errorf("receiving %d: %v", i, err)
					return
				}
			}
			if _, err := stream.Recv(); err != io.EOF {
				t.Errorf("the end: %v", err)
			}
			sending.Wait()
		})
	}
	require.NotZero(t, refusals(t, s.seen()))
	require.Equal(t, 4, s.Stats().TokenRequests)
}
