package alfgrpc_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// throughProxy returns a connection to the service that leads through alf proxy, and knows nothing of tokens.
func throughProxy(t *testing.T, s *service) *grpc.ClientConn {
	_, trust := certificates()
	client := s.Config()
	client.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}}
	socket := filepath.Join(t.TempDir(), "s")
	p, err := proxy.New(proxy.Config{
		Listeners: []proxy.Listener{{Address: "unix:" + socket}},
		Clients:   []proxy.Client{{Key: "one", Config: client}},
		Routes: []proxy.Route{{
			Route:    routing.Route{Name: "grpc", Headers: routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}},
			Upstream: &url.URL{Scheme: "https", Host: s.address},
		}},
		DrainTime: patience, UpgradeDrainTime: patience,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		stop()
		require.NoError(t, <-ended)
	})
	return conn
}

// What gRPC's authors want of every implementation, of calls that carry no token themselves.
func TestX1_GRPCInteropThroughTheProxy(t *testing.T) {
	s := startService(t)
	conn := throughProxy(t, s)
	c := testgrpc.NewTestServiceClient(conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	interop.DoEmptyUnaryCall(ctx, c)
	interop.DoLargeUnaryCall(ctx, c)
	interop.DoClientStreaming(ctx, c)
	interop.DoServerStreaming(ctx, c)
	interop.DoPingPong(ctx, c)
	interop.DoEmptyStream(ctx, c)
	interop.DoTimeoutOnSleepingServer(ctx, c)
	interop.DoCancelAfterBegin(ctx, c)
	interop.DoCancelAfterFirstResponse(ctx, c)
	interop.DoCustomMetadata(ctx, c)
	interop.DoStatusCodeAndMessage(ctx, c)
	interop.DoSpecialStatusMessage(ctx, c)
	interop.DoUnimplementedMethod(ctx, conn)
	require.Equal(t, 1, s.Stats().TokenRequests)
}

func TestX1_C3_GRPCCallsAreMadeAgainAfterUNAUTHENTICATED(t *testing.T) {
	s := startService(t)
	c := testgrpc.NewTestServiceClient(throughProxy(t, s))
	_, err := c.EmptyCall(t.Context(), new(testgrpc.Empty))
	require.NoError(t, err)
	s.Revoke()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := c.EmptyCall(ctx, new(testgrpc.Empty)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			stream, err := c.StreamingOutputCall(ctx, &testgrpc.StreamingOutputCallRequest{
				ResponseParameters: []*testgrpc.ResponseParameters{{Size: 10}, {Size: 20}},
			})
			n := 0
			for ; err == nil; n++ {
				_, err = stream.Recv()
			}
			if err != io.EOF || n != 3 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 2, s.Stats().TokenRequests)
}

// A stream whose caller has not finished cannot be opened again: its token is replaced for the next one.
func TestX1_AGRPCStreamThatIsRefusedOpensTheNextOneWithAnotherToken(t *testing.T) {
	s := startService(t)
	c := testgrpc.NewTestServiceClient(throughProxy(t, s))
	_, err := c.EmptyCall(t.Context(), new(testgrpc.Empty))
	require.NoError(t, err)
	s.Revoke()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	chat := func() error {
		stream, err := c.FullDuplexCall(ctx)
		require.NoError(t, err)
		for range 3 {
			_ = stream.Send(&testgrpc.StreamingOutputCallRequest{ResponseParameters: []*testgrpc.ResponseParameters{{Size: 10}}})
			if _, err := stream.Recv(); err != nil {
				return err
			}
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.Equal(t, io.EOF, err)
		return nil
	}
	require.Equal(t, codes.Unauthenticated, status.Code(chat()))
	require.NoError(t, chat())
	require.Equal(t, 2, s.Stats().TokenRequests)
}

func TestX1_G3_GRPCCallersLearnWhyThereIsNoToken(t *testing.T) {
	for code, refusal := range map[codes.Code]int{codes.Unavailable: 503, codes.Unauthenticated: 400} {
		s := startService(t)
		for range 10 { // the proxy asks as soon as it starts
			s.RespondOnce(refusal, nil, `{"error":"`+map[int]string{503: "server_error", 400: "invalid_scope"}[refusal]+`"}`)
		}
		c := testgrpc.NewTestServiceClient(throughProxy(t, s))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := c.EmptyCall(ctx, new(testgrpc.Empty))
		cancel()
		require.Equal(t, code, status.Code(err), "%v", err)
		require.Empty(t, s.seen())
	}
}
