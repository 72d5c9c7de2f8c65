package grpc

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/alf-go/alf"
)

// server issues tokens and is the gRPC server that accepts the last of them only.
type server struct {
	clock   *clock.Mock // nil: the real clock
	mu      sync.Mutex
	issued  int
	revoked int
	saw     []string // what calls carried
}

func (s *server) fetch(context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	now := time.Now()
	if s.clock != nil {
		now = s.clock.Now()
	}
	return &oauth2.Token{AccessToken: fmt.Sprint("token-", s.issued), Expiry: now.Add(time.Hour)}, nil
}

func (s *server) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = s.issued
}

func (s *server) admit(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.mu.Lock()
	incoming, _ := metadata.FromIncomingContext(ctx)
	carried := incoming.Get("authorization")
	s.saw = append(s.saw, carried...)
	good := len(carried) == 1 && carried[0] == fmt.Sprint("Bearer token-", s.issued) && s.issued > s.revoked
	s.mu.Unlock()
	if !good {
		return nil, status.Error(codes.Unauthenticated, "the token is not valid")
	}
	return handle(ctx, req)
}

// dial starts the server, and returns a stub whose calls carry the token.
func (s *server) dial(t *testing.T) grpc_health_v1.HealthClient {
	cfg := alf.Config{Fetcher: alf.FetcherFunc(s.fetch)}
	if s.clock != nil {
		cfg.Clock = s.clock
	}
	listener := bufconn.Listen(1 << 16)
	backend := grpc.NewServer(grpc.UnaryInterceptor(s.admit))
	grpc_health_v1.RegisterHealthServer(backend, health.NewServer())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = backend.Serve(listener) // nil after Stop
	}()
	client, err := alf.New(cfg)
	require.NoError(t, err)
	conn, err := grpc.Dial("bufnet",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(Authorized(client, "https://health.example.com:443")))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		backend.Stop()
		<-ended
		require.NoError(t, client.Close())
	})
	return grpc_health_v1.NewHealthClient(conn)
}

// Each revocation costs one refused call, which is made again with the successor. Where no fetch may follow, it is not
// made again: an interceptor that called Invalidate and then Token sent the rejected token twice.
func TestC3_InterceptorSendsARejectedTokenOnce(t *testing.T) {
	s := &server{clock: clock.NewMock()}
	s.clock.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	stub := s.dial(t)
	check := func() error {
		_, err := stub.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		return err
	}
	require.NoError(t, check())
	s.clock.Add(3 * time.Second)
	s.revoke()
	require.NoError(t, check())
	require.Equal(t, []string{"Bearer token-1", "Bearer token-1", "Bearer token-2"}, s.saw)
	require.NoError(t, check())

	refused := 0
	for range 20 {
		s.clock.Add(3 * time.Second)
		s.revoke()
		s.saw = nil
		rejected := fmt.Sprint("Bearer token-", s.issued)
		if err := check(); err != nil {
			refused++
			require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
		}
		require.Equal(t, 1, count(s.saw, rejected), "%v", s.saw)
	}
	require.NotZero(t, refused, "no rejection was suppressed, so this shows nothing")
}

// A method that the server refuses whatever the token costs no more fetches than M13 allows, and its error is returned.
func TestM13_InterceptorReturnsTheRefusal(t *testing.T) {
	s := new(server)
	stub := s.dial(t)
	for range 200 {
		s.revoke()
		s.mu.Lock()
		s.revoked = 1 << 30 // all that will ever be issued
		s.mu.Unlock()
		_, err := stub.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
	}
	require.LessOrEqual(t, s.issued, 9)
}

func count(values []string, value string) int {
	n := 0
	for _, v := range values {
		if v == value {
			n++
		}
	}
	return n
}
