package alfgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
	"github.com/alf-go/alf/sim"
)

// A channel whose calls carry the token, in a program.
func ExampleDialOptions() {
	client, err := alf.New(alf.Config{
		TokenURL:     "https://auth.example.com/oauth2/token",
		ClientID:     "orders",
		ClientSecret: alf.SecretEnv("ORDERS_SECRET"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	options := []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(nil))}
	options = append(options, alfgrpc.DialOptions(client)...) // as the last
	conn, err := grpc.NewClient("dns:///stock.example.com:443", options...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.Target())
	// Output: dns:///stock.example.com:443
}

// A token that was revoked costs the caller nothing: the call is made again, with the successor.
func ExampleDialOptions_revoked() {
	authorization := sim.New(sim.Options{})
	client, err := alf.New(authorization.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// A server that refuses the first token from the second call on.
	calls := 0
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		calls++
		if calls == 2 {
			return nil, status.Error(codes.Unauthenticated, "the token was revoked")
		}
		return handle(ctx, req)
	}))
	testgrpc.RegisterTestServiceServer(server, interop.NewTestServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve(listener)
	defer server.Stop()

	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())} // on this machine
	conn, err := grpc.NewClient(listener.Addr().String(), append(options, alfgrpc.DialOptions(client, alfgrpc.AllowPlaintext())...)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	for range 2 {
		_, err := testgrpc.NewTestServiceClient(conn).EmptyCall(context.Background(), new(testgrpc.Empty))
		fmt.Println("call:", err)
	}
	fmt.Println("sent:", calls, "token requests:", authorization.Stats().TokenRequests)
	// Output:
	// call: <nil>
	// call: <nil>
	// sent: 3 token requests: 2
}

// What to do with the error of a call that has no token.
func ExampleDialOptions_errors() {
	retry := func(err error) (after time.Duration, possible bool) {
		var noToken *alf.TokenError
		if errors.As(err, &noToken) {
			if noToken.Permanent {
				return 0, false // an operator has to repair something
			}
			return time.Until(noToken.NextAttempt), true // the server was not asked
		}
		if errors.Is(err, alf.ErrSuppressed) {
			return time.Minute, true // the server has refused one token after another
		}
		return 0, false // the server's own error
	}
	fmt.Println(retry(&alf.TokenError{Err: errors.New("unknown client"), Permanent: true}))
	// Output: 0s false
}
