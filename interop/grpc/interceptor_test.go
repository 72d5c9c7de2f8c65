package grpc

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

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
	mu      sync.Mutex
	issued  int
	revoked int
	saw     []string // what calls carried
}

func (s *server) fetch(context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	return &oauth2.Token{AccessToken: fmt.Sprint("token-", s.issued), Expiry: time.Now().Add(time.Hour)}, nil
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
	listener := bufconn.Listen(1 << 16)
	backend := grpc.NewServer(grpc.UnaryInterceptor(s.admit))
	grpc_health_v1.RegisterHealthServer(backend, health.NewServer())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = backend.Serve(listener) // nil after Stop
	}()
	client, err := alf.New(alf.Config{Fetcher: alf.FetcherFunc(s.fetch)})
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

// Each revocation costs one refused call, which is made again with the successor. From the second revocation on, the
// interceptor had once sent the dead token twice.
func TestC3_InterceptorSendsADeadTokenOnce(t *testing.T) {
	s := new(server)
	stub := s.dial(t)
	check := func() error {
		_, err := stub.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		return err
	}
	require.NoError(t, check())
	s.revoke()
	require.NoError(t, check())
	require.Equal(t, []string{"Bearer token-1", "Bearer token-1", "Bearer token-2"}, s.saw)
	require.NoError(t, check())

	s.revoke()
	s.saw = nil
	err := check()
	require.Equal(t, 1, count(s.saw, "Bearer token-2"), "%v %v", s.saw, err)
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
