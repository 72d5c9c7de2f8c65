#!/usr/bin/env bash
# Software:    go.temporal.io/sdk v1.51.0 (client.NewAPIKeyDynamicCredentials)
# Guess:       a call whose key function fails returns that error, at once: it is a local failure, as with gRPC's own
#              credentials. A call that the server refuses as Unauthenticated is tried again with the next key, as the
#              function is there for keys that change.
# Happens:     the other way round. The failed function is called again, with a growing pause, for the 10 s that a call
#              has; then the call's error is "context deadline exceeded", and the function's is nowhere in it.
#              Unauthenticated is returned at once, and the function is asked for the next call.
# Consequence: an outage of the token endpoint reads as a slow Temporal server, and each call costs several attempts.
#              The function waits and tries by itself, within its own bound, and reports its error where it is seen: in
#              a log or a metric. After Unauthenticated, callers replace the token and call again.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// service refuses one call.
type service struct {
	workflowservice.UnimplementedWorkflowServiceServer
	calls   atomic.Int32
	refuse  bool // the next call
	refused atomic.Bool
	code    codes.Code
}

func (s *service) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (s *service) CountWorkflowExecutions(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (
	*workflowservice.CountWorkflowExecutionsResponse, error) {
	if s.calls.Add(1); s.refused.Swap(false) {
		return nil, status.Error(s.code, "refused")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

func main() {
	var asked atomic.Int32
	try := func(what string, s *service, noKey error) (string, time.Duration) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		server := grpc.NewServer()
		workflowservice.RegisterWorkflowServiceServer(server, s)
		go server.Serve(listener)
		defer server.Stop()
		var failing atomic.Bool
		temporal, err := client.NewLazyClient(client.Options{
			HostPort: listener.Addr().String(), Logger: silent{}, ConnectionOptions: client.ConnectionOptions{TLSDisabled: true},
			Credentials: client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) {
				asked.Add(1)
				if failing.Load() {
					return "", noKey
				}
				return "token", nil
			}),
		})
		if err != nil {
			panic(err)
		}
		defer temporal.Close()
		// The first call asks what the server can do; it is there, and has a key.
		if _, err := temporal.CountWorkflow(context.Background(), &workflowservice.CountWorkflowExecutionsRequest{}); err != nil {
			panic(err)
		}
		asked.Store(0)
		s.calls.Store(0)
		s.refused.Store(s.refuse)
		failing.Store(noKey != nil)
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		start := time.Now()
		_, err = temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{})
		took := time.Since(start).Round(100 * time.Millisecond)
		fmt.Printf("%-36s %v, after %v, the key was asked for %d times, the server called %d times\n", what, err, took, asked.Load(), s.calls.Load())
		return fmt.Sprint(err), took
	}
	unavailable := &service{refuse: true, code: codes.Unavailable}
	first, _ := try("Unavailable once:", unavailable, nil)
	unauthenticated := &service{refuse: true, code: codes.Unauthenticated}
	second, _ := try("Unauthenticated once:", unauthenticated, nil)
	third, took := try("no key:", &service{}, errors.New("token endpoint: 503"))
	if first != "<nil>" || unavailable.calls.Load() != 2 || second == "<nil>" || unauthenticated.calls.Load() != 1 ||
		took < 5*time.Second || asked.Load() < 3 || strings.Contains(third, "503") || !strings.Contains(third, "deadline exceeded") {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get go.temporal.io/sdk@v1.51.0 go.temporal.io/sdk/client@v1.51.0
quiet go build -o probe .
echo "Guess:   a key function's error is the call's, at once; Unauthenticated is tried again."
echo "Happens: the first is tried for 10 s and becomes a deadline, the second is not (go.temporal.io/sdk v1.51.0, 2026-11)."
timeout 60 ./probe
