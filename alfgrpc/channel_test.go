package alfgrpc_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
)

// A call that waits for the server gets its token when the server is there.
func TestG1_WaitForReady(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	s := newService(t)
	s.address = address
	stub := s.stub(s.client())
	for _, call := range kinds {
		err := call(within(t), stub)
		require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	}
	require.Zero(t, s.Stats().TokenRequests)
	ended := make(chan error, len(kinds))
	for _, call := range kinds {
		go func() { ended <- call(within(t), stub, grpc.WaitForReady(true)) }()
	}
	s.start(address)
	for range kinds {
		require.NoError(t, <-ended)
	}
	require.Equal(t, 1, s.Stats().TokenRequests)
	require.Zero(t, refusals(t, s.seen()))
}

// The server says that it goes away, ends, and comes back, while calls are made: none of them fails, and each carries
// the token.
func TestG1_AServerThatRestarts(t *testing.T) {
	s := startService(t)
	client := s.client(generous)
	stub, ctx := s.stub(client), within(t)
	var calls sync.WaitGroup
	var made atomic.Int32
	stop := make(chan struct{})
	for range 4 {
		calls.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := stub.EmptyCall(ctx, new(testgrpc.Empty), grpc.WaitForReady(true)); err != nil {
					t.Errorf("call: %v", err)
					return
				}
				stream, err := stub.StreamingOutputCall(ctx, request(1), grpc.WaitForReady(true))
				if err == nil {
					_, err = stream.Recv()
				}
				if err == nil {
					_, _ = stream.Recv()
				}
				if err != nil {
					t.Errorf("stream: %v", err)
					return
				}
				made.Add(1)
			}
		})
	}
	for range 3 {
		before := made.Load()
		eventually(t, func() bool { return made.Load() > before+20 }, "calls")
		s.server.GracefulStop() // GOAWAY, and the calls that have begun end
		<-s.ended
		s.Revoke()
		s.start(s.address)
	}
	before := made.Load()
	eventually(t, func() bool { return made.Load() > before+20 }, "calls")
	close(stop)
	calls.Wait()
	require.LessOrEqual(t, refusals(t, s.seen()), 3*4)
	require.Equal(t, 4, s.Stats().TokenRequests)
}

const checksHealth = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}}`

// withHealth has the service checked by its clients, at a server that wants a token for everything.
func withHealth(s *service) *health.Server {
	checks, register := health.NewServer(), s.register
	s.register = func(server *grpc.Server) {
		register(server)
		grpc_health_v1.RegisterHealthServer(server, checks)
	}
	return checks
}

// Health checks are made beneath the interceptors. They carry the token, once.
func TestG1_HealthChecksCarryTheToken(t *testing.T) {
	s := newService(t)
	withHealth(s)
	s.start("127.0.0.1:0")
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(checksHealth)}, alfgrpc.DialOptions(s.client())...)...)
	stub := testgrpc.NewTestServiceClient(conn)
	interop.DoEmptyUnaryCall(within(t), stub)
	attempts := s.seen()
	require.Len(t, attempts, 2)
	require.Equal(t, "/grpc.health.v1.Health/Watch", attempts[0].method)
	require.Zero(t, refusals(t, attempts))
}

// The token is revoked while the channel has no connection: its health check is refused, no call can be made, and so no
// call could have the token replaced.
func TestG2_ARefusedHealthCheckReplacesTheToken(t *testing.T) {
	s := newService(t)
	withHealth(s)
	s.start("127.0.0.1:0")
	client := s.client()
	conn := s.dial(append([]grpc.DialOption{grpc.WithDefaultServiceConfig(checksHealth)}, alfgrpc.DialOptions(client)...)...)
	stub := testgrpc.NewTestServiceClient(conn)
	interop.DoEmptyUnaryCall(within(t), stub)
	s.server.Stop()
	<-s.ended
	require.True(t, conn.WaitForStateChange(within(t), connectivity.Ready))
	s.Revoke()
	s.seen()
	s.start(s.address)
	_, err := stub.EmptyCall(within(t), new(testgrpc.Empty), grpc.WaitForReady(true))
	require.NoError(t, err)
	require.Equal(t, 2, s.Stats().TokenRequests)
	require.Equal(t, 1, refusals(t, s.seen()))
	require.EqualValues(t, 1, client.Stats().Unauthorized)
	require.EqualValues(t, 1, client.Stats().RetrySucceeded, "the call shows that the check was accepted")
}

// One token for each target that contexts name, on one channel.
func TestG1_APoolsTargets(t *testing.T) {
	s := startService(t)
	s.AddClient("a", "secret-a")
	s.AddClient("b", "secret-b")
	cfg := s.PoolConfig()
	pool, err := alf.NewPool(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	stub := testgrpc.NewTestServiceClient(s.dial(alfgrpc.PoolDialOptions(pool)...))
	contexts := []context.Context{}
	for _, tenant := range []string{"a", "b"} {
		contexts = append(contexts, alf.WithTarget(within(t), alf.Target{Tenant: tenant}))
	}
	values := map[string]bool{}
	call := func() {
		for range 3 {
			for _, ctx := range contexts {
				for _, call := range kinds {
					require.NoError(t, call(ctx, stub))
				}
			}
		}
	}
	call()
	for _, a := range s.seen() {
		require.Len(t, a.authorization, 1)
		values[a.authorization[0]] = true
	}
	require.Len(t, values, 2)
	s.Client("a").Revoke()
	call()
	attempts := s.seen()
	require.Equal(t, 1, refusals(t, attempts))
	require.Equal(t, 3, s.Stats().TokenRequests)

	require.NoError(t, kinds["unary"](within(t), s.stub(pool.Client(alf.Target{Tenant: "b"}))))
	err = kinds["unary"](within(t), stub)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "no tenant is named: %v", err)
	err = kinds["unary"](alf.WithTarget(within(t), alf.Target{Tenant: "unknown"}), stub)
	require.Error(t, err)
	require.Contains(t, []codes.Code{codes.Unauthenticated, codes.Unavailable}, status.Code(err))
}

// A pool's table of origins names the target by the authority of the call.
func TestG1_APoolsOrigins(t *testing.T) {
	s, other := startService(t), startService(t)
	cfg := s.Config()
	pool, err := alf.NewPool(alf.PoolConfig{Config: cfg, Origins: map[string]alf.Target{"https://" + s.address: {Audience: []string{"s"}}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	require.NoError(t, kinds["unary"](within(t), testgrpc.NewTestServiceClient(s.dial(alfgrpc.PoolDialOptions(pool)...))))
	require.Equal(t, []string{"s"}, s.TokenRequests()[0].Audience)
	err = kinds["unary"](within(t), testgrpc.NewTestServiceClient(other.dial(alfgrpc.PoolDialOptions(pool)...)))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.ErrorIs(t, err, alf.ErrRefused)
	require.Empty(t, other.seen())
}

// A rejection at one server does not take the token from another one (M21), and origins of both protocols are the same.
func TestM21_AnotherServerKeepsTheToken(t *testing.T) {
	s, other := startService(t), startService(t)
	client := s.client()
	other.verify = s.valid
	stub, others := s.stub(client), other.stub(client)
	require.NoError(t, kinds["unary"](within(t), stub))
	require.NoError(t, kinds["unary"](within(t), others))
	s.refuse = func(context.Context, string, int) error { return errToken }
	s.GoDown(time.Hour)
	for kind, call := range kinds {
		require.Equal(t, codes.Unavailable, status.Code(call(within(t), stub)), kind)
	}
	for kind, call := range kinds {
		require.NoError(t, call(within(t), others), kind)
	}
	require.Zero(t, refusals(t, other.seen()))
	_, err := client.TokenFor(within(t), "https://"+s.address)
	require.Error(t, err, "the server is named by scheme, host and port")
	_, err = client.TokenFor(within(t), "https://"+other.address)
	require.NoError(t, err)
}

// Credentials alone add the token, and learn of no refusal.
func TestG1_Credentials(t *testing.T) {
	s := startService(t)
	creds := alfgrpc.Credentials(s.client())
	require.True(t, creds.RequireTransportSecurity())
	stub := testgrpc.NewTestServiceClient(s.dial(grpc.WithPerRPCCredentials(creds)))
	for _, call := range kinds {
		require.NoError(t, call(within(t), stub))
		require.NoError(t, call(within(t), testgrpc.NewTestServiceClient(s.dial()), grpc.PerRPCCredentials(creds)))
	}
	s.Respond(100, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	down := alfgrpc.Credentials(s.client())
	for _, call := range kinds {
		for _, err := range []error{
			call(within(t), testgrpc.NewTestServiceClient(s.dial()), grpc.PerRPCCredentials(down)),
			call(within(t), testgrpc.NewTestServiceClient(s.dial(grpc.WithPerRPCCredentials(down)))),
		} {
			require.Equal(t, codes.Unavailable, status.Code(err))
			var noToken *alf.TokenError
			require.ErrorAs(t, err, &noToken)
		}
	}
}
