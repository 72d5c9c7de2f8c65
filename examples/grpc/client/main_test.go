package main

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// serve starts a server that asks authenticate about each token, and returns the environment of its clients.
func serve(t *testing.T, authenticate func(token string) bool) (env []string) {
	t.Helper()
	certificate, key, env := program.TLS(t)
	transport, err := credentials.NewServerTLSFromFile(certificate, key)
	require.NoError(t, err)
	server := grpc.NewServer(grpc.Creds(transport), grpc.UnaryInterceptor(auth.UnaryServerInterceptor(func(ctx context.Context) (context.Context, error) {
		token, err := auth.AuthFromMD(ctx, "bearer")
		if err == nil && !authenticate(token) {
			err = status.Error(codes.Unauthenticated, "the token is not active")
		}
		return ctx, err
	})))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-served })
	return append(env, "GRPC_TARGET="+listener.Addr().String())
}

// The token is revoked before the second of three calls, which is made again.
func TestClient_ACallOutlivesARevocation(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	var calls atomic.Int64
	env = append(env, serve(t, func(token string) bool {
		if calls.Add(1) == 2 {
			kit.Revoke()
		}
		return program.Accepts(kit, token)
	})...)
	client := program.Start(t, env)
	require.Zero(t, client.Wait())
	require.Equal(t, strings.Repeat("SERVING\n", 3), client.Output())
	require.EqualValues(t, 4, calls.Load(), "three, one of them twice")
	require.Equal(t, 2, kit.Stats().TokenRequests)
}

// Its errors say whether to wait, or to repair something.
func TestClient_WithoutAToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	env = append(env, serve(t, func(string) bool { return true })...)
	kit.GoDown(0)
	outage := program.Start(t, env)
	require.Equal(t, 1, outage.Wait())
	require.Contains(t, outage.Output(), "there is no token before ")

	kit.Up()
	kit.SetClientSecret("another secret of the example")
	refused := program.Start(t, env)
	require.Equal(t, 1, refused.Wait())
	require.Contains(t, refused.Output(), "the credentials have to be repaired: ")
}
