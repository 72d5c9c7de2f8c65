package alfgrpc_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
)

// revoked starts a service, with a client whose token was revoked after a first call.
func revoked(t *testing.T, options ...alfgrpc.Option) (*service, testgrpc.TestServiceClient) {
	s := startService(t)
	stub := s.stub(s.client(), options...)
	_, err := stub.EmptyCall(within(t), new(testgrpc.Empty))
	require.NoError(t, err)
	s.Revoke()
	s.seen()
	return s, stub
}

// uploaded counts what arrives at the server in each stream.
type uploaded struct {
	testgrpc.UnimplementedTestServiceServer
	mu    sync.Mutex
	sizes [][]int
}

func (u *uploaded) StreamingInputCall(stream testgrpc.TestService_StreamingInputCallServer) error {
	var sizes []int
	total := int32(0)
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			u.mu.Lock()
			defer u.mu.Unlock()
			u.sizes = append(u.sizes, sizes)
			return stream.SendAndClose(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: total})
		}
		if err != nil {
			return err
		}
		size := len(in.GetPayload().GetBody())
		sizes, total = append(sizes, size), total+int32(size)
	}
}

// What was sent arrives again as it was sent, although the caller changes its message after each Send, and whether or
// not the refusal arrives while it is sending.
func TestG2_AnUploadArrivesWholeWhenItIsSentAgain(t *testing.T) {
	for name, wait := range map[string]int{"refused before it sends": 0, "between": 3, "after": 6} {
		t.Run(name, func(t *testing.T) {
			s, uploads := newService(t), new(uploaded)
			s.register = func(server *grpc.Server) { testgrpc.RegisterTestServiceServer(server, uploads) }
			s.start("127.0.0.1:0")
			client := s.client()
			_, err := client.Token(t.Context())
			require.NoError(t, err)
			s.Revoke()
			awaits := &awaitRefusal{before: wait}
			stub := testgrpc.NewTestServiceClient(s.dial(append(alfgrpc.DialOptions(client), grpc.WithChainStreamInterceptor(awaits.stream))...))
			stream, err := stub.StreamingInputCall(within(t))
			require.NoError(t, err)
			message, want, total := input(0), []int{}, 0
			for i := range 6 {
				message.Payload.Body = append(message.Payload.Body, make([]byte, 100*i)...)
				want, total = append(want, len(message.Payload.Body)), total+len(message.Payload.Body)
				require.NoError(t, stream.Send(message))
			}
			message.Payload.Body = nil
			response, err := stream.CloseAndRecv()
			require.NoError(t, err)
			require.EqualValues(t, total, response.AggregatedPayloadSize)
			require.Equal(t, [][]int{want}, uploads.sizes)
			attempts := s.seen()
			require.Len(t, attempts, 2)
			require.Equal(t, 1, refusals(t, attempts))
			require.Equal(t, 2, s.Stats().TokenRequests)
		})
	}
}

// awaitRefusal is an interceptor beneath alfgrpc's, which lets the refusal of the first stream arrive before a message.
type awaitRefusal struct {
	before int
	opened atomic.Int32
}

func (a *awaitRefusal) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
	options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, conn, method, options...)
	if err != nil || a.opened.Add(1) > 1 {
		return stream, err
	}
	return &awaitedStream{ClientStream: stream, before: a.before}, nil
}

type awaitedStream struct {
	grpc.ClientStream
	sent, before int
}

func (a *awaitedStream) SendMsg(m any) error {
	if a.sent == a.before {
		_, _ = a.Header() // returns when the stream is over
	}
	a.sent++
	return a.ClientStream.SendMsg(m)
}

func (a *awaitedStream) CloseSend() error {
	if a.sent == a.before {
		_, _ = a.Header()
	}
	return a.ClientStream.CloseSend()
}

// A caller that sends on one goroutine and receives on another, which both meet the refusal.
func TestG2_ABidirectionalStreamIsSentAgain(t *testing.T) {
	for name, read := range map[string]func(testgrpc.TestService_FullDuplexCallClient){
		"receiving": func(testgrpc.TestService_FullDuplexCallClient) {},
		"header":    func(stream testgrpc.TestService_FullDuplexCallClient) { _, _ = stream.Header() },
	} {
		t.Run(name, func(t *testing.T) {
			s, stub := revoked(t)
			stream, err := stub.FullDuplexCall(within(t))
			require.NoError(t, err)
			const messages = 200
			var sending sync.WaitGroup
			sending.Go(func() {
				for range messages {
					if err := stream.Send(request(10, 20)); err != nil {
						t.Errorf("Send: %v", err)
						return
					}
				}
				_ = stream.CloseSend()
			})
			read(stream)
			for i := range 2 * messages {
				response, err := stream.Recv()
				require.NoError(t, err)
				require.Len(t, response.GetPayload().GetBody(), 10*(1+i%2))
			}
			_, err = stream.Recv()
			require.Equal(t, io.EOF, err)
			sending.Wait()
			require.Equal(t, 1, refusals(t, s.seen()))
			require.Equal(t, 2, s.Stats().TokenRequests)
		})
	}
}

// The server sends far more than fits into any window before it has read what is sent again.
func TestG2_SendingAgainDoesNotWaitForTheReceiver(t *testing.T) {
	const window = 64 << 10
	s := newService(t)
	s.options = append(s.options, grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window))
	s.start("127.0.0.1:0")
	s.refuse = func(_ context.Context, _ string, n int) error {
		if n == 1 {
			return errToken
		}
		return nil
	}
	unsent := func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
		options ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := open(ctx, desc, conn, method, options...)
		if s.Stats().TokenRequests == 1 {
			stream = unsentStream{stream}
		}
		return stream, err
	}
	conn := s.dial(append(alfgrpc.DialOptions(s.client(), alfgrpc.ReplayBuffer(1<<20)), grpc.WithChainStreamInterceptor(unsent),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window))...)
	stream, err := testgrpc.NewTestServiceClient(conn).FullDuplexCall(within(t))
	require.NoError(t, err)
	const messages = 10
	for range messages {
		r := request(1<<20, 1<<20)
		r.Payload = payload(60 << 10)
		require.NoError(t, stream.Send(r))
	}
	require.NoError(t, stream.CloseSend())
	for range 2 * messages {
		_, err := stream.Recv()
		require.NoError(t, err)
	}
	_, err = stream.Recv()
	require.Equal(t, io.EOF, err)
	require.Equal(t, 1, refusals(t, s.seen()))
}

// unsentStream is a stream on its way to a refusal, which takes whatever is sent.
type unsentStream struct{ grpc.ClientStream }

func (unsentStream) SendMsg(any) error { return nil }

func TestG2_HeaderIsThatOfTheAcceptedStream(t *testing.T) {
	s, stub := revoked(t)
	s.setHeader = true
	stream, err := stub.StreamingOutputCall(within(t), request(1))
	require.NoError(t, err)
	header, err := stream.Header()
	require.NoError(t, err)
	require.NotEmpty(t, header, "the first refusal has one")
	_, err = stream.Recv()
	require.NoError(t, err)

	s.setHeader = false
	s, stub = revoked(t)
	stream, err = stub.StreamingOutputCall(within(t), request(1))
	require.NoError(t, err)
	header, err = stream.Header() // the first refusal has none
	require.NoError(t, err)
	require.NotEmpty(t, header)
	require.Len(t, s.seen(), 2)
	_, err = stream.Recv()
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, io.EOF, err)
}

// A large request of a server stream is one message, which the buffer does not limit.
func TestG2_AServerStreamIsSentAgainWhateverItsRequest(t *testing.T) {
	s, stub := revoked(t, alfgrpc.ReplayBuffer(0))
	r := request(7)
	r.Payload = payload(1 << 20)
	stream, err := stub.StreamingOutputCall(within(t), r)
	require.NoError(t, err)
	r.ResponseParameters = nil // the caller's message is its own again
	response, err := stream.Recv()
	require.NoError(t, err)
	require.Len(t, response.Payload.Body, 7)
	require.Equal(t, 1, refusals(t, s.seen()))
}

// A stream that cannot be repeated ends with the server's error, once, and the next call succeeds.
func TestG2_AStreamThatCannotBeRepeatedReplacesTheToken(t *testing.T) {
	for name, test := range map[string]struct {
		options []alfgrpc.Option
		send    int
		read    func(grpc.ClientStream)
		call    []grpc.CallOption
	}{
		"too large":         {[]alfgrpc.Option{alfgrpc.ReplayBuffer(1000)}, 996, nil, nil},
		"default size":      {nil, 256 << 10, nil, nil},
		"its context known": {nil, 1, func(stream grpc.ClientStream) { stream.Context() }, nil},
		"other codec":       {nil, 1, nil, []grpc.CallOption{grpc.CallContentSubtype("proto"), grpc.ForceCodecV2(otherCodec())}},
	} {
		t.Run(name, func(t *testing.T) {
			s, stub := revoked(t, test.options...)
			seen := new(traced)
			stream, err := stub.StreamingInputCall(seen.context(within(t)), test.call...)
			require.NoError(t, err)
			if test.read != nil {
				test.read(stream)
			}
			if err := stream.Send(input(test.send)); err != io.EOF { // the refusal may have arrived
				require.NoError(t, err)
			}
			_, err = stream.CloseAndRecv()
			require.Equal(t, codes.Unauthenticated, status.Code(err))
			require.Equal(t, "the token is not valid", status.Convert(err).Message())
			require.EqualValues(t, 1, seen.notRetried.Load())
			require.Error(t, stream.RecvMsg(new(testgrpc.Empty)))
			require.EqualValues(t, 1, seen.rejected.Load(), "the end is the same, and reported once")
			_, err = stub.EmptyCall(within(t), new(testgrpc.Empty))
			require.NoError(t, err)
			require.Equal(t, 1, refusals(t, s.seen()))
			require.Equal(t, 2, s.Stats().TokenRequests)
		})
	}
}

func TestG2_WhatFitsIntoTheBufferIsSentAgain(t *testing.T) {
	s, stub := revoked(t, alfgrpc.ReplayBuffer(1000))
	stream, err := stub.StreamingInputCall(within(t))
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, stream.Send(input(480))) // 480 and what surrounds it, and 5 for gRPC
	}
	response, err := stream.CloseAndRecv()
	require.NoError(t, err)
	require.EqualValues(t, 960, response.AggregatedPayloadSize)
	require.Equal(t, 1, refusals(t, s.seen()))
}

// The token is revoked while the stream is open: it ends with the server's error, and the next one succeeds.
func TestG2_AStreamRefusedMidwayReplacesTheToken(t *testing.T) {
	s := startService(t)
	s.eachMessage = true
	client := s.client()
	stub, ctx := s.stub(client), within(t)
	exchange := func(stream testgrpc.TestService_FullDuplexCallClient) error {
		require.NoError(t, stream.Send(request(3)))
		_, err := stream.Recv()
		return err
	}
	for round := 1; round <= 2; round++ {
		stream, err := stub.FullDuplexCall(ctx)
		require.NoError(t, err)
		require.NoError(t, exchange(stream))
		if round == 1 {
			s.Revoke()
			err = exchange(stream)
			require.Equal(t, codes.Unauthenticated, status.Code(err))
			require.False(t, errors.Is(err, alf.ErrSuppressed))
			require.Equal(t, io.EOF, stream.Send(request(3)))
			continue
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.Equal(t, io.EOF, err)
	}
	require.Zero(t, refusals(t, s.seen()), "the second stream had the successor from the start")
	require.Equal(t, 2, s.Stats().TokenRequests)
	require.EqualValues(t, 1, client.Stats().Unauthorized)
}

// Refused at its first message, and with the second token too: the second refusal is returned, and the token stays.
func TestG2_AStreamIsSentAgainOnce(t *testing.T) {
	s := startService(t)
	s.refuse = func(context.Context, string, int) error { return errToken }
	client := s.client(generous)
	stub, seen := s.stub(client), new(traced)
	for _, headerFirst := range []bool{false, true} {
		stream, err := stub.FullDuplexCall(seen.context(within(t)))
		require.NoError(t, err)
		require.NoError(t, stream.Send(request(1)))
		if headerFirst { // which opens it again
			_, err = stream.Header()
			require.NoError(t, err)
		}
		_, err = stream.Recv()
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.Len(t, s.seen(), 2)
		_, err = stream.Recv()
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	require.Equal(t, 3, s.Stats().TokenRequests, "the second stream replaced the token that the first one was refused with at last")
	require.EqualValues(t, 4, seen.rejected.Load())
	require.EqualValues(t, 2, seen.retries.Load())
	require.EqualValues(t, 2, client.Stats().Unauthorized)
	require.EqualValues(t, 2, client.Stats().Retried)
	require.Zero(t, client.Stats().RetrySucceeded)
	require.Zero(t, seen.notRetried.Load())
}

// A goroutine that sends does not wait for the one that receives, once the stream was opened again: the server responds
// to the third message only.
func TestG2_TheSenderGoesOnWhenTheReceiverHasOpenedTheStreamAgain(t *testing.T) {
	s := newService(t)
	s.register = func(server *grpc.Server) { testgrpc.RegisterTestServiceServer(server, third{}) }
	s.start("127.0.0.1:0")
	client := s.client()
	_, err := client.Token(t.Context())
	require.NoError(t, err)
	s.Revoke()
	s.SetLatency(200 * time.Millisecond) // the one that sends meets the refusal while the other one waits for the token
	conn := s.dial(append(alfgrpc.DialOptions(client), grpc.WithChainStreamInterceptor((&awaitRefusal{before: 1}).stream))...)
	stream, err := testgrpc.NewTestServiceClient(conn).FullDuplexCall(within(t))
	require.NoError(t, err)
	var sending sync.WaitGroup
	sending.Go(func() {
		for range 3 {
			if err := stream.Send(request(1)); err != nil {
				t.Errorf("Send: %v", err)
			}
		}
	})
	_, err = stream.Recv()
	require.NoError(t, err)
	sending.Wait()
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.Equal(t, io.EOF, err)
}

type third struct {
	testgrpc.UnimplementedTestServiceServer
}

func (third) FullDuplexCall(stream testgrpc.TestService_FullDuplexCallServer) error {
	for n := 1; ; n++ {
		if _, err := stream.Recv(); err != nil {
			return nil
		}
		if n == 3 {
			if err := stream.Send(new(testgrpc.StreamingOutputCallResponse)); err != nil {
				return err
			}
		}
	}
}

// The server ends the stream early, with a response: a caller that still sends learns that it is over, and gets it.
func TestG2_AnEarlyResponseIsNotLost(t *testing.T) {
	s := newService(t)
	s.register = func(server *grpc.Server) { testgrpc.RegisterTestServiceServer(server, early{}) }
	s.start("127.0.0.1:0")
	conn := s.dial(append(alfgrpc.DialOptions(s.client()), grpc.WithChainStreamInterceptor((&awaitRefusal{before: 1}).stream))...)
	stream, err := testgrpc.NewTestServiceClient(conn).StreamingInputCall(within(t))
	require.NoError(t, err)
	eventually(t, func() bool { return stream.Send(input(1)) == io.EOF }, "the stream is over")
	response, err := stream.CloseAndRecv()
	require.NoError(t, err)
	require.EqualValues(t, 42, response.AggregatedPayloadSize)
}

type early struct {
	testgrpc.UnimplementedTestServiceServer
}

func (early) StreamingInputCall(stream testgrpc.TestService_StreamingInputCallServer) error {
	return stream.SendAndClose(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: 42})
}
