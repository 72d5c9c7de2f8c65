#!/usr/bin/env bash
# Software:    google.golang.org/grpc v1.85.0 (credentials/oauth.TokenSource), golang.org/x/oauth2 v0.38.0
# Guess:       a call with a deadline returns at its deadline, as gRPC promises, also while its credentials wait for a token; and
#              a call that was cancelled, at once.
# Happens:     it returns when the token is there: the token source has no context, and nothing watches the call's while it runs.
#              A call of 100 ms took 2 s, and was then DeadlineExceeded. Calls wait one after another behind x/oauth2's mutex: with the
#              endpoint failing after 0.5 s, the last of six calls of 100 ms returns after 3 s. Credentials that take the
#              context that GetRequestMetadata is given return in time.
# Consequence: a hanging token endpoint holds the goroutines of every caller, whatever their deadlines. Per-RPC credentials
#              should be written for GetRequestMetadata's context, not wrapped around an oauth2.TokenSource.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/oauth"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// slow is a token endpoint that takes its time.
type slow struct {
	time.Duration
	err error
}

func (s slow) Token() (*oauth2.Token, error) {
	time.Sleep(s.Duration)
	return &oauth2.Token{AccessToken: "token", Expiry: time.Now().Add(time.Hour)}, s.err
}

// patient takes the context, and is as slow.
type patient struct{ slow }

func (p patient) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	select {
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	case <-time.After(p.Duration):
		return map[string]string{"authorization": "Bearer token"}, p.err
	}
}
func (patient) RequireTransportSecurity() bool { return true }

func main() {
	// httptest has a certificate for the test.
	https := httptest.NewTLSServer(nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: https.TLS.Certificates})),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(codes.NotFound, "reached the server") }))
	go server.Serve(listener)

	call := func(ctx context.Context, creds credentials.PerRPCCredentials, at *grpc.ClientConn) (time.Duration, error) {
		start := time.Now()
		err := at.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{}, grpc.PerRPCCredentials(creds))
		return time.Since(start).Round(50 * time.Millisecond), err
	}
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})))
	if err != nil {
		panic(err)
	}
	short := func() context.Context {
		ctx, _ := context.WithTimeout(context.Background(), 100*time.Millisecond)
		return ctx
	}
	if _, err := call(context.Background(), patient{}, conn); status.Code(err) != codes.NotFound {
		panic(err) // the connection is there now
	}
	took, err := call(short(), oauth.TokenSource{TokenSource: slow{2 * time.Second, nil}}, conn)
	fmt.Println("oauth.TokenSource, deadline of 100 ms:  ", took, status.Code(err))
	inTime, err2 := call(short(), patient{slow{2 * time.Second, nil}}, conn)
	fmt.Println("with the context, deadline of 100 ms:   ", inTime, status.Code(err2))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	cancelled, err3 := call(ctx, oauth.TokenSource{TokenSource: slow{2 * time.Second, nil}}, conn)
	fmt.Println("oauth.TokenSource, cancelled at 100 ms: ", cancelled, status.Code(err3))

	shared := oauth.TokenSource{TokenSource: oauth2.ReuseTokenSource(nil, slow{500 * time.Millisecond, errors.New("no token")})}
	var last time.Duration
	var mutex sync.Mutex
	var calls sync.WaitGroup
	for range 6 {
		calls.Go(func() {
			took, _ := call(short(), shared, conn)
			mutex.Lock()
			last = max(last, took)
			mutex.Unlock()
		})
	}
	calls.Wait()
	fmt.Println("6 calls, endpoint fails after 500 ms, the last one:", last)
	if took < 1900*time.Millisecond || inTime > time.Second || cancelled < 1900*time.Millisecond || last < 2800*time.Millisecond {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get google.golang.org/grpc@v1.85.0 golang.org/x/oauth2@v0.38.0
echo "Guess:   a call returns at its deadline."
echo "Happens: not while its credentials wait for a token (grpc-go v1.85.0, credentials/oauth, 2026-11)."
timeout 100 go run .
