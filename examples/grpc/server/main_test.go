package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// Both kinds of calls need a token that is active. While tokens cannot be checked, no token is called bad.
func TestServer_AsksAboutEachToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	certificate, key, _ := program.TLS(t)
	server := program.Start(t, append(env, "INTROSPECTION_URL="+kit.IntrospectionURL(), "TLS_CERT_FILE="+certificate,
		"TLS_KEY_FILE="+key, "LISTEN=127.0.0.1:0"))
	address := server.Await(`listening address=(\S+)`)

	transport, err := credentials.NewClientTLSFromFile(certificate, "")
	require.NoError(t, err)
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	require.NoError(t, err)
	defer conn.Close()
	service := grpc_health_v1.NewHealthClient(conn)
	calls := func(token string) (unary, stream codes.Code) {
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		}
		_, unaryErr := service.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		updates, err := service.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
		require.NoError(t, err)
		_, streamErr := updates.Recv()
		return status.Code(unaryErr), status.Code(streamErr)
	}
	require.Equal(t, []codes.Code{codes.Unauthenticated, codes.Unauthenticated}, pair(calls("")))
	require.Equal(t, []codes.Code{codes.Unauthenticated, codes.Unauthenticated}, pair(calls("made-up")))
	token := kit.Issue(1 << 40)
	require.Equal(t, []codes.Code{codes.OK, codes.OK}, pair(calls(token)))
	kit.RevokeToken(token)
	require.Equal(t, []codes.Code{codes.Unauthenticated, codes.Unauthenticated}, pair(calls(token)))
	introspections := kit.Stats().Introspections
	kit.Close()
	require.Equal(t, []codes.Code{codes.Unavailable, codes.Unavailable}, pair(calls(token)))
	require.Equal(t, 1, kit.Stats().TokenRequests, "the server's own token is kept")
	require.Equal(t, 6, introspections, "each call's token, if it has one")
}

func pair(unary, stream codes.Code) []codes.Code { return []codes.Code{unary, stream} }
