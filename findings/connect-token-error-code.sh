#!/usr/bin/env bash
# Software:    connectrpc.com/connect v1.21.1, for comparison google.golang.org/grpc v1.85.0
# Guess:       a call for which no token was available, which is the error of its RoundTripper or per-RPC credentials, is
#              Unauthenticated, or Unknown; in any case no word about the server that was never asked.
# Happens:     with connect-go it is Unavailable, as if that server were down; if the token request ran into its own time limit,
#              it is DeadlineExceeded, though the caller set no deadline, and if that was cancelled, Canceled, though the caller
#              cancelled nothing. grpc-go says Unauthenticated. errors.Is finds the token's error in connect-go's.
# Consequence: interceptors that try Unavailable again, and circuit breakers, count the issuer's outage against each API; and one
#              that knows Unauthenticated from grpc-go never sees it here. Look for the token client's error with errors.As
#              before the code; a token client should not let a deadline of its own pass for the caller's.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// withoutToken is a RoundTripper, and per-RPC credentials, that got no token.
type withoutToken struct{ err error }

func (w withoutToken) RoundTrip(*http.Request) (*http.Response, error) { return nil, w.err }
func (w withoutToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, w.err
}
func (withoutToken) RequireTransportSecurity() bool { return false }

var errNoToken = errors.New("no token")

func main() {
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { asked++; return nil }))
	go server.Serve(listener)

	ctx := context.Background() // no deadline, and no one cancels it
	ofConnect := func(err error) connect.Code {
		client := connect.NewClient[emptypb.Empty, emptypb.Empty](&http.Client{Transport: withoutToken{err}}, api.URL+"/stock/Get")
		_, got := client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
		fmt.Printf("  connect-go: %-18v errors.Is: %v\n", connect.CodeOf(got), errors.Is(got, errNoToken))
		return connect.CodeOf(got)
	}
	ofGRPC := func(err error) string {
		conn, dialErr := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithPerRPCCredentials(withoutToken{err}))
		if dialErr != nil {
			panic(dialErr)
		}
		defer conn.Close()
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		got := conn.Invoke(limit, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{})
		fmt.Printf("  grpc-go:    %-18v\n", status.Code(got))
		return status.Code(got).String()
	}
	fmt.Println("no token:")
	plain, plainGRPC := ofConnect(errNoToken), ofGRPC(errNoToken)
	fmt.Println("no token, because the token request took too long:")
	late := errors.Join(errNoToken, context.DeadlineExceeded)
	deadline, deadlineGRPC := ofConnect(late), ofGRPC(late)
	fmt.Println("no token, because the token request was cancelled:")
	ended := errors.Join(errNoToken, context.Canceled)
	canceled, canceledGRPC := ofConnect(ended), ofGRPC(ended)
	fmt.Println("requests that reached the server:", asked)
	if plain != connect.CodeUnavailable || deadline != connect.CodeDeadlineExceeded || canceled != connect.CodeCanceled || asked != 0 ||
		plainGRPC != "Unauthenticated" || deadlineGRPC != "Unauthenticated" || canceledGRPC != "Unauthenticated" {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get connectrpc.com/connect@v1.21.1 google.golang.org/grpc@v1.85.0
echo "Guess:   without a token, a call is Unauthenticated, or Unknown."
echo "Happens: connect-go says Unavailable, or DeadlineExceeded where there was no deadline (v1.21.1, 2026-11)."
timeout 100 go run .
