package alfgrpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
)

// grpc-go's own tests of all four kinds of calls, with metadata, cancellation and status.
func TestG1_EveryKindOfCallCarriesTheTokenOnce(t *testing.T) {
	s := startService(t)
	conn := s.dial(alfgrpc.DialOptions(s.client())...)
	stub, ctx := testgrpc.NewTestServiceClient(conn), within(t)
	for _, do := range []func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption){
		interop.DoEmptyUnaryCall, interop.DoLargeUnaryCall, interop.DoClientStreaming, interop.DoServerStreaming, interop.DoPingPong,
		interop.DoEmptyStream, interop.DoTimeoutOnSleepingServer, interop.DoCancelAfterBegin, interop.DoCancelAfterFirstResponse,
		interop.DoCustomMetadata, interop.DoStatusCodeAndMessage, interop.DoSpecialStatusMessage,
	} {
		do(ctx, stub)
	}
	attempts := s.seen()
	require.GreaterOrEqual(t, len(attempts), 12)
	require.Zero(t, refusals(t, attempts))
	require.Equal(t, 1, s.Stats().TokenRequests)
}

// The same, each after a revocation: none of the callers notices.
func TestG2_NoKindOfCallFailsAfterARevocation(t *testing.T) {
	for name, setHeader := range map[string]bool{"trailers only": false, "header first": true} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.setHeader = setHeader
			s.start("127.0.0.1:0")
			client := s.client(generous)
			stub, ctx := s.stub(client), within(t)
			for i, do := range []func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption){
				interop.DoEmptyUnaryCall, interop.DoLargeUnaryCall, interop.DoClientStreaming, interop.DoServerStreaming,
				interop.DoPingPong, interop.DoEmptyStream, interop.DoEmptyUnaryCall,
			} {
				do(ctx, stub)
				s.seen()
				s.Revoke()
				do(ctx, stub)
				attempts := s.seen()
				require.Len(t, attempts, 2)
				require.Equal(t, 1, refusals(t, attempts))
				require.Equal(t, i+2, s.Stats().TokenRequests)
			}
			require.EqualValues(t, 7, client.Stats().Unauthorized)
			require.EqualValues(t, 7, client.Stats().Retried)
			require.EqualValues(t, 7, client.Stats().RetrySucceeded)
		})
	}
}

// generous lifts the limits of M13, so that a test can revoke again and again in real time.
func generous(cfg *alf.Config) { cfg.Policy.UnlimitedRejections = true }

func TestG1_ACallersOwnAuthorizationIsNotSent(t *testing.T) {
	s := startService(t)
	client := s.client()
	own := ownCredentials{"authorization": "Bearer mine", "x-mine": "1"}
	conn := s.dial(append([]grpc.DialOption{grpc.WithPerRPCCredentials(own)}, alfgrpc.DialOptions(client)...)...)
	stub := testgrpc.NewTestServiceClient(conn)
	var mine []string
	s.refuse = func(ctx context.Context, _ string, _ int) error {
		incoming, _ := metadata.FromIncomingContext(ctx)
		mine = incoming.Get("x-mine")
		return nil
	}
	ctx := metadata.AppendToOutgoingContext(within(t), "Authorization", "Bearer mine", "x-mine", "2", "authorization", "Bearer mine")
	before, _ := metadata.FromOutgoingContext(ctx)
	for _, options := range [][]grpc.CallOption{nil, {grpc.PerRPCCredentials(ownCredentials{"Authorization": "Bearer mine", "x-mine": "3"})},
		{grpc.PerRPCCredentials(alfgrpc.Credentials(client))}} {
		_, err := stub.EmptyCall(ctx, new(testgrpc.Empty), options...)
		require.NoError(t, err)
		require.Subset(t, []string{"1", "2", "3"}, mine)
		require.Contains(t, mine, "1")
		require.Contains(t, mine, "2", "what else the caller sends goes along")
		stream, err := stub.FullDuplexCall(ctx, options...)
		require.NoError(t, err)
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.EqualError(t, err, "EOF")
	}
	attempts := s.seen()
	require.Len(t, attempts, 6)
	require.Zero(t, refusals(t, attempts))
	after, _ := metadata.FromOutgoingContext(ctx)
	require.Equal(t, before, after, "the caller's metadata is not modified")
}

type ownCredentials map[string]string

func (c ownCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return c, nil
}
func (ownCredentials) RequireTransportSecurity() bool { return true }

// The second response is returned as it is, and its token stays.
func TestG2_ACallIsSentAgainOnce(t *testing.T) {
	s := startService(t)
	s.refuse = func(context.Context, string, int) error { return status.Error(codes.Unauthenticated, "never") }
	client := s.client()
	stub, seen := s.stub(client), new(traced)
	_, err := stub.EmptyCall(seen.context(within(t)), new(testgrpc.Empty))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.EqualError(t, err, "rpc error: code = Unauthenticated desc = never")
	attempts := s.seen()
	require.Len(t, attempts, 2)
	require.NotEqual(t, attempts[0].authorization, attempts[1].authorization)
	require.EqualValues(t, 1, seen.retries.Load())
	require.EqualValues(t, 2, seen.rejected.Load())
	tok, err := client.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, attempts[1].authorization[0], tok.Authorization())
}

// The authorization server returns the value that was refused: the call is not made again with it.
func TestG2_TheSameTokenIsNotSentAgain(t *testing.T) {
	s := startService(t)
	s.Repeat(true)
	s.refuse = func(context.Context, string, int) error { return errToken }
	stub, seen := s.stub(s.client()), new(traced)
	_, err := stub.EmptyCall(seen.context(within(t)), new(testgrpc.Empty))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.Len(t, s.seen(), 1)
	require.EqualValues(t, 1, seen.notRetried.Load())
	require.Zero(t, seen.retries.Load())
}

// Header, trailer and messages are those of the call that was accepted.
func TestG2_MetadataIsThatOfTheAcceptedCall(t *testing.T) {
	s, stub := revoked(t)
	s.setHeader = true
	interop.DoCustomMetadata(within(t), stub)
	require.Equal(t, 1, refusals(t, s.seen()))
	s, stub = revoked(t)
	interop.DoStatusCodeAndMessage(within(t), stub)
	require.Equal(t, 1, refusals(t, s.seen()))
}

// The first attempt of gRPC's retry policy is refused, and the second has no token: that is what the caller learns.
func TestG3_AnAttemptWithoutATokenIsNotARefusal(t *testing.T) {
	s := startService(t)
	client := s.client()
	s.refuse = func(context.Context, string, int) error {
		_ = client.Close()
		return errToken
	}
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}, alfgrpc.DialOptions(client)...)...)
	seen := new(traced)
	_, err := testgrpc.NewTestServiceClient(conn).EmptyCall(seen.context(within(t)), new(testgrpc.Empty))
	require.ErrorIs(t, err, alf.ErrClosed)
	require.Len(t, s.seen(), 1)
	require.Zero(t, seen.rejected.Load())
}

// A server that refuses everything costs what M13 allows, and its error is returned with the reason.
func TestM13_AServerThatAlwaysRefusesDoesNotFloodTheTokenEndpoint(t *testing.T) {
	s := startService(t)
	s.refuse = func(context.Context, string, int) error { return status.Error(codes.Unauthenticated, "never") }
	stub, ctx, suppressed := s.stub(s.client()), within(t), 0
	seen := new(traced)
	for range 300 {
		_, err := stub.EmptyCall(seen.context(ctx), new(testgrpc.Empty))
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.Equal(t, "never", status.Convert(err).Message())
		if errors.Is(err, alf.ErrSuppressed) {
			suppressed++
		}
	}
	require.NotZero(t, suppressed)
	require.EqualValues(t, suppressed, seen.suppressed.Load())
	require.LessOrEqual(t, s.Stats().TokenRequests, 10)
}

// The outcomes of retries are evidence: a path that rejects everything takes no token from the one that accepts it.
func TestM13_OutcomesAreReported(t *testing.T) {
	s := startService(t)
	const closed = "/grpc.testing.TestService/UnaryCall"
	s.refuse = func(_ context.Context, method string, _ int) error {
		if method == closed {
			return status.Error(codes.Unauthenticated, "a permission is missing")
		}
		return nil
	}
	client := s.client()
	stub, ctx := s.stub(client), within(t)
	seen := new(traced)
	for range 50 {
		_, err := stub.UnaryCall(seen.context(ctx), new(testgrpc.SimpleRequest))
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		_, err = stub.EmptyCall(ctx, new(testgrpc.Empty))
		require.NoError(t, err)
	}
	require.True(t, client.ObservesOutcomes(), "the origin is guarded")
	requests := s.Stats().TokenRequests
	require.LessOrEqual(t, requests, 10)
	s.Revoke()
	_, err := stub.EmptyCall(ctx, new(testgrpc.Empty))
	require.NoError(t, err, "a path that has accepted tokens gets the next one at once")
	require.Equal(t, requests+1, s.Stats().TokenRequests)
}

// gRPC's own retries are attempts, each of which gets the token that is current then.
func TestG1_EachAttemptGetsTheCurrentToken(t *testing.T) {
	s := startService(t)
	client := s.client()
	s.refuse = func(ctx context.Context, _ string, n int) error {
		if n < 3 {
			_, err := client.Refresh(ctx)
			require.NoError(t, err)
			return status.Error(codes.Unavailable, "try again")
		}
		return nil
	}
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}, alfgrpc.DialOptions(client)...)...)
	_, err := testgrpc.NewTestServiceClient(conn).EmptyCall(within(t), new(testgrpc.Empty))
	require.NoError(t, err)
	attempts := s.seen()
	require.Len(t, attempts, 3)
	values := map[string]bool{}
	for _, a := range attempts {
		require.Len(t, a.authorization, 1)
		values[a.authorization[0]] = true
	}
	require.Len(t, values, 3)
}

const retryPolicy = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"0.01s",
	"backoffMultiplier":1,"retryableStatusCodes":["UNAVAILABLE","UNAUTHENTICATED"]}}]}`

// A policy that repeats Unauthenticated repeats the same token; then the token is replaced.
func TestG2_ComposesWithARetryPolicyForUnauthenticated(t *testing.T) {
	s := startService(t)
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}, alfgrpc.DialOptions(s.client())...)...)
	stub := testgrpc.NewTestServiceClient(conn)
	interop.DoEmptyUnaryCall(within(t), stub)
	s.Revoke()
	interop.DoEmptyUnaryCall(within(t), stub)
	interop.DoPingPong(within(t), stub)
	require.Equal(t, 2, s.Stats().TokenRequests)
}

// A deadline of the service configuration is one for both sends.
func TestG1_ADeadlineOfTheServiceConfigurationIsNotStartedAgain(t *testing.T) {
	s := startService(t)
	var deadlines []time.Time
	s.refuse = func(ctx context.Context, _ string, _ int) error {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		deadlines = append(deadlines, deadline)
		return nil
	}
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(`{"methodConfig":[{"name":[{}],"timeout":"10s"}]}`)},
		alfgrpc.DialOptions(s.client())...)...)
	stub := testgrpc.NewTestServiceClient(conn)
	interop.DoEmptyUnaryCall(within(t), stub)
	s.Revoke()
	s.SetLatency(500 * time.Millisecond) // of the token request between the two sends
	_, err := stub.EmptyCall(within(t), new(testgrpc.Empty))
	require.NoError(t, err)
	require.Len(t, deadlines, 3)
	require.Less(t, deadlines[2].Sub(deadlines[1]), 300*time.Millisecond)
}

// OnFinish is for the end of the caller's call.
func TestG2_OnFinishIsCalledOnce(t *testing.T) {
	s := startService(t)
	stub, ctx := s.stub(s.client(generous)), within(t)
	interop.DoEmptyUnaryCall(ctx, stub)
	var ends []error
	note := grpc.OnFinish(func(err error) { ends = append(ends, err) })
	s.Revoke()
	_, err := stub.EmptyCall(ctx, new(testgrpc.Empty), note)
	require.NoError(t, err)
	require.Equal(t, []error{nil}, ends)

	s.Revoke()
	stream, err := stub.StreamingOutputCall(ctx, request(1), note)
	require.NoError(t, err)
	for err == nil {
		_, err = stream.Recv()
	}
	require.EqualError(t, err, "EOF")
	require.Equal(t, []error{nil, nil}, ends)

	s.refuse = func(context.Context, string, int) error { return errToken }
	_, err = stub.EmptyCall(ctx, new(testgrpc.Empty), note)
	require.Error(t, err)
	require.Len(t, ends, 3)
	require.Equal(t, codes.Unauthenticated, status.Code(ends[2]))
}
