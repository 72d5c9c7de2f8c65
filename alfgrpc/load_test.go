package alfgrpc_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// together calls f n times, at the same time.
func together(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// A revocation in the middle of a thousand unary calls and a thousand open streams: no unary call fails, each stream
// ends with Unauthenticated once, and all of it costs one token request.
func TestG2_AThousandCallsAndStreamsCostOneTokenRequest(t *testing.T) {
	many := 1000
	if raceEnabled {
		many = 300
	}
	s := startService(t)
	s.eachMessage = true
	stub, ctx := s.stub(s.client()), within(t)
	exchange := func(stream testgrpc.TestService_FullDuplexCallClient) error {
		if err := stream.Send(request(3)); err != nil && err != io.EOF {
			return err
		}
		_, err := stream.Recv()
		return err
	}
	streams := make(chan testgrpc.TestService_FullDuplexCallClient, many)
	open := func() {
		stream, err := stub.FullDuplexCall(ctx)
		if err == nil {
			err = exchange(stream)
		}
		if err != nil {
			t.Errorf("stream: %v", err)
			return
		}
		streams <- stream
	}
	together(many, open)
	require.Len(t, streams, many)
	require.Equal(t, 1, s.Stats().TokenRequests)
	s.seen()

	s.Revoke()
	var refused, failed atomic.Int32
	var all sync.WaitGroup
	all.Go(func() {
		together(many, func() {
			if _, err := stub.EmptyCall(ctx, new(testgrpc.Empty)); err != nil {
				failed.Add(1)
				t.Errorf("unary: %v", err)
			}
		})
	})
	all.Go(func() {
		together(many, func() {
			err := exchange(<-streams)
			if status.Code(err) != codes.Unauthenticated {
				t.Errorf("a stream with the revoked token: %v", err)
				return
			}
			refused.Add(1)
			open()
		})
	})
	all.Wait()
	require.Zero(t, failed.Load())
	require.EqualValues(t, many, refused.Load())
	require.Len(t, streams, many, "each stream was opened again")
	require.Equal(t, 2, s.Stats().TokenRequests)
	t.Logf("%d unary calls, %d failed; %d streams, each refused once; token requests after the revocation: %d",
		many, failed.Load(), refused.Load(), s.Stats().TokenRequests-1)
	close(streams)
	for stream := range streams {
		require.NoError(t, stream.CloseSend())
		_, err := stream.Recv()
		require.Equal(t, io.EOF, err)
	}
}

// Ten thousand streams that are open at the same time, of which none gets a message before the token is revoked: each
// is opened again.
func TestG2_TenThousandStreamsAreOpenedAgain(t *testing.T) {
	many := 10_000
	if raceEnabled {
		many = 500
	}
	s := startService(t)
	client := s.client()
	_, err := client.Token(t.Context())
	require.NoError(t, err)
	s.Revoke()
	stub, ctx := s.stub(client), within(t)
	var received, ended atomic.Int32
	opened := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		together(many, func() {
			stream, err := stub.FullDuplexCall(ctx)
			if err == nil {
				err = stream.Send(request(1))
			}
			if err == nil {
				_, err = stream.Recv()
			}
			if err != nil {
				t.Errorf("stream: %v", err)
				return
			}
			if int(received.Add(1)) == many {
				close(opened)
			}
			select {
			case <-opened:
			case <-ctx.Done():
			}
			if err := stream.CloseSend(); err != nil {
				t.Errorf("stream: %v", err)
			}
			if _, err = stream.Recv(); err == io.EOF {
				ended.Add(1)
			}
		})
	})
	all.Wait()
	require.EqualValues(t, many, ended.Load())
	require.Equal(t, 2, s.Stats().TokenRequests)
}
