package alfgrpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/alf-go/alf"
)

const connectService = "/grpc.testing.TestService/"

// connectHandler is the part of the test service that connect-go's clients call, in all its protocols.
func connectHandler(s *service) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(connectService+"EmptyCall", connect.NewUnaryHandler(connectService+"EmptyCall",
		func(context.Context, *connect.Request[testgrpc.Empty]) (*connect.Response[testgrpc.Empty], error) {
			return connect.NewResponse(new(testgrpc.Empty)), nil
		}))
	mux.Handle(connectService+"StreamingOutputCall", connect.NewServerStreamHandler(connectService+"StreamingOutputCall",
		func(_ context.Context, r *connect.Request[testgrpc.StreamingOutputCallRequest], stream *connect.ServerStream[testgrpc.StreamingOutputCallResponse]) error {
			for range r.Msg.ResponseParameters {
				if err := stream.Send(&testgrpc.StreamingOutputCallResponse{Payload: payload(1)}); err != nil {
					return err
				}
			}
			return nil
		}))
	mux.Handle(connectService+"StreamingInputCall", connect.NewClientStreamHandler(connectService+"StreamingInputCall",
		func(_ context.Context, stream *connect.ClientStream[testgrpc.StreamingInputCallRequest]) (*connect.Response[testgrpc.StreamingInputCallResponse], error) {
			total := int32(0)
			for stream.Receive() {
				total += int32(len(stream.Msg().GetPayload().GetBody()))
			}
			return connect.NewResponse(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: total}), stream.Err()
		}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := attempt{method: r.URL.Path, authorization: r.Header.Values("Authorization")}
		seen.refused = len(seen.authorization) != 1 || !s.valid(seen.authorization[0])
		s.mu.Lock()
		s.attempts = append(s.attempts, seen)
		s.mu.Unlock()
		if seen.refused {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// connect-go over the client's HTTP transport, which retries after a 401, as proxies and connect-go's servers respond.
func TestC3_ConnectClientsAreRetriedByTheTransport(t *testing.T) {
	for name, options := range map[string][]connect.ClientOption{
		"Connect": nil, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			server := httptest.NewUnstartedServer(connectHandler(s))
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			client := s.client(generous, overHTTP2)
			t.Cleanup(client.CloseIdleConnections)
			calls := connectCalls(client.HTTPClient(), server.URL, options...)
			for i, call := range calls {
				afterRevocation(t, s, call, i == upload)
				require.Equal(t, i+2, s.Stats().TokenRequests)
			}
		})
	}
}

// The gRPC protocol of connect-go with grpc-go's server, which refuses with a status instead of a 401: that is no
// rejection to the HTTP transport, unless Config.Rejected says so.
func TestC5_ConnectClientsOfAGRPCServerNeedRejected(t *testing.T) {
	s := startService(t)
	client := s.client(generous, overHTTP2, func(cfg *alf.Config) { cfg.Rejected = rejectedStatus })
	t.Cleanup(client.CloseIdleConnections)
	for i, call := range connectCalls(client.HTTPClient(), "https://"+s.address, connect.WithGRPC()) {
		afterRevocation(t, s, call, i == upload)
		require.Equal(t, i+2, s.Stats().TokenRequests)
	}
}

// upload is which of connectCalls streams to the server.
const upload = 2

// afterRevocation makes a call with a revoked token. One that streams to the server is sent again only if it was sent
// whole when the refusal arrived (C4); otherwise its token is replaced, and the next one succeeds.
func afterRevocation(t *testing.T, s *service, call func(context.Context) error, mayFail bool) {
	require.NoError(t, call(within(t)))
	s.seen()
	s.Revoke()
	err := call(within(t))
	if mayFail && err != nil {
		require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err), "%v", err)
		err = call(within(t))
	}
	require.NoError(t, err)
	attempts := s.seen()
	require.Len(t, attempts, 2)
	require.Equal(t, 1, refusals(t, attempts))
}

// rejectedStatus also takes a gRPC status for a rejection that comes in headers, as that of a refused call mostly does.
func rejectedStatus(resp *http.Response) bool {
	return resp.StatusCode == http.StatusUnauthorized || resp.Header.Get("Grpc-Status") == "16"
}

// overHTTP2 sends requests to the test's servers over TLS.
func overHTTP2(cfg *alf.Config) {
	_, pool := certificates()
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true,
	}}
}

// connectCalls are a unary call, one that streams from the server and one that streams to it.
func connectCalls(client *http.Client, url string, options ...connect.ClientOption) []func(context.Context) error {
	unary := connect.NewClient[testgrpc.Empty, testgrpc.Empty](client, url+connectService+"EmptyCall", options...)
	output := connect.NewClient[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse](client,
		url+connectService+"StreamingOutputCall", options...)
	uploads := connect.NewClient[testgrpc.StreamingInputCallRequest, testgrpc.StreamingInputCallResponse](client,
		url+connectService+"StreamingInputCall", options...)
	return []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := unary.CallUnary(ctx, connect.NewRequest(new(testgrpc.Empty)))
			return err
		},
		func(ctx context.Context) error {
			stream, err := output.CallServerStream(ctx, connect.NewRequest(request(1, 1)))
			if err != nil {
				return err
			}
			defer stream.Close()
			received := 0
			for stream.Receive() {
				received++
			}
			if stream.Err() == nil && received != 2 {
				return errors.New("responses are missing")
			}
			return stream.Err()
		},
		func(ctx context.Context) error {
			stream := uploads.CallClientStream(ctx)
			for range 3 {
				if err := stream.Send(input(100)); err != nil && !errors.Is(err, io.EOF) {
					return err
				}
			}
			response, err := stream.CloseAndReceive()
			if err == nil && response.Msg.AggregatedPayloadSize != 300 {
				return errors.New("the upload is not whole")
			}
			return err
		},
	}
}
