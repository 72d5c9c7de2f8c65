#!/usr/bin/env bash
# Software:    google.golang.org/grpc v1.85.0 (retryPolicy of the service config, SetHeader of a server)
# Guess:       a call that the server refuses with a retryable status, before a message was sent, is tried again as the
#              policy says.
# Happens:     only if the server set no header. An interceptor there that has called SetHeader, for a request's id say,
#              makes of the refusal headers and trailers instead of trailers alone: for the client's policy the response
#              has begun, and the first attempt is the only one. The code, the text and the missing message are the
#              same.
# Consequence: a policy for UNAVAILABLE and UNAUTHENTICATED that worked in tests does nothing in front of a server whose
#              logging or tracing sets a header. Retry after a refusal where the rule is one's own: no message received,
#              whatever the headers.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const policy = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"0.01s",
	"backoffMultiplier":1,"retryableStatusCodes":["UNAVAILABLE","UNAUTHENTICATED"]}}]}`

// serve starts a server that refuses each call but every third, and says how often it was called.
func serve(code codes.Code, interceptors ...grpc.StreamServerInterceptor) (string, *atomic.Int32) {
	var attempts atomic.Int32
	server := grpc.NewServer(grpc.ChainStreamInterceptor(interceptors...), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		if attempts.Add(1)%3 == 0 {
			return s.SendMsg(&emptypb.Empty{})
		}
		return status.Error(code, "not now")
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	return listener.Addr().String(), &attempts
}

func requestID(s any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if err := ss.SetHeader(metadata.Pairs("x-request-id", "1")); err != nil {
		return err
	}
	return handler(s, ss)
}

func main() {
	seen := ""
	for _, code := range []codes.Code{codes.Unavailable, codes.Unauthenticated} {
		for _, interceptors := range [][]grpc.StreamServerInterceptor{nil, {requestID}} {
			address, attempts := serve(code, interceptors...)
			conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(policy))
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			var header, trailer metadata.MD
			err = conn.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&header), grpc.Trailer(&trailer))
			cancel()
			conn.Close()
			fmt.Printf("%-16v header set: %-5v attempts: %d, %v\n", code, interceptors != nil, attempts.Load(), err)
			seen += fmt.Sprint(attempts.Load(), " ", status.Code(err), "; ")
		}
	}
	if seen != "3 OK; 1 Unavailable; 3 OK; 1 Unauthenticated; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get google.golang.org/grpc@v1.85.0
echo "Guess:   a refused call is tried again as the policy says."
echo "Happens: not if the server's interceptor had set a header (grpc-go v1.85.0, 2026-11)."
timeout 100 go run .
