#!/usr/bin/env bash
# Software:    google.golang.org/grpc v1.85.0 (healthCheckConfig of the service config, interceptors, per-RPC
#              credentials)
# Guess:       a client whose unary and stream interceptors add the token sends it with every call, that of the health
#              check included; it makes no difference whether an interceptor or credentials of the connection add it.
# Happens:     the health check (Watch, with round_robin and healthCheckConfig) is made beneath the interceptors, and
#              carries no token. A server that wants one for every method refuses it, and then the client sends nothing
#              at all: every call is Unavailable, with the refused check in its text. With credentials by dial option
#              the check has the token.
# Consequence: after healthCheckConfig is turned on, a service is "down" that responds to every call. A client that adds
#              tokens by interceptor leaves the health service open, or adds per-RPC credentials for it.
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
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

type perRPC struct{}

func (perRPC) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer token"}, nil
}
func (perRPC) RequireTransportSecurity() bool { return false }

func withToken(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer token")
}

func unary(ctx context.Context, method string, in, out any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
	return invoke(withToken(ctx), method, in, out, cc, o...)
}

func stream(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer,
	o ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(withToken(ctx), d, cc, method, o...)
}

func main() {
	const check = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}}`
	const noCheck = `{"loadBalancingConfig":[{"round_robin":{}}]}`
	var mutex sync.Mutex
	var bare []string // methods that were called without a token
	server := grpc.NewServer(grpc.StreamInterceptor(func(s any, ss grpc.ServerStream, info *grpc.StreamServerInfo, h grpc.StreamHandler) error {
		if md, _ := metadata.FromIncomingContext(ss.Context()); len(md["authorization"]) == 0 {
			mutex.Lock()
			bare = append(bare, info.FullMethod)
			mutex.Unlock()
			return status.Error(codes.Unauthenticated, "no token")
		}
		return h(s, ss)
	}), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(codes.NotFound, "reached the service") }))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)

	call := func(name, config string, options ...grpc.DialOption) error {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(config))
		conn, err := grpc.NewClient(listener.Addr().String(), options...)
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = conn.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{})
		fmt.Printf("%-34s %v\n", name, err)
		return err
	}
	both := []grpc.DialOption{grpc.WithUnaryInterceptor(unary), grpc.WithStreamInterceptor(stream)}
	without := call("interceptors, no health check:", noCheck, both...)
	checked := call("interceptors, health check:", check, both...)
	credentials := call("dial option, health check:", check, grpc.WithPerRPCCredentials(perRPC{}))
	mutex.Lock()
	defer mutex.Unlock()
	fmt.Println("called without a token:           ", bare[0])
	for _, method := range bare {
		if method != "/grpc.health.v1.Health/Watch" {
			fmt.Println("CHANGED: also called without a token:", method)
			os.Exit(1)
		}
	}
	if status.Code(without) != codes.NotFound || status.Code(credentials) != codes.NotFound ||
		status.Code(checked) != codes.Unavailable || !strings.Contains(checked.Error(), "no token") {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get google.golang.org/grpc@v1.85.0
echo "Guess:   an interceptor that adds the token adds it to the health check as well."
echo "Happens: the check has none, is refused, and every call is Unavailable (grpc-go v1.85.0, 2026-11)."
timeout 100 go run .
