#!/usr/bin/env bash
# Software:    google.golang.org/grpc v1.85.0 (credentials/jwt, a token from a file, of gRFC A97)
# Guess:       credentials that read a token from a file send what the file holds; a token that was replaced there is
#              sent within a minute, as in Kubernetes' client, or with the call after a refusal. A token need not be a
#              JWT.
# Happens:     the file is not read again before the last minute of the token that was read, though the server refuses
#              it: an hour's token, replaced after its revocation, is refused for 59 minutes more. An opaque token is
#              refused by the client, as Unauthenticated, and so is a good one for a second after it.
# Consequence: a file of opaque tokens, or of tokens that are revoked early, does not go with these credentials: read
#              the file in a token source of one's own that is asked again after a refusal. Unauthenticated does not say
#              that the server has seen a token.
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
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/jwt"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// token is a JWT; its signature is its name, which is all that the server looks at.
func token(name string, lifetime time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"sub":"stock","exp":%d}`, time.Now().Add(lifetime).Unix())
	return encode([]byte(`{"alg":"ES256"}`)) + "." + encode([]byte(claims)) + "." + name
}

func main() {
	// httptest has a certificate for the test.
	https := httptest.NewTLSServer(nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var calls atomic.Int32
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: https.TLS.Certificates})),
		grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
			calls.Add(1)
			md, _ := metadata.FromIncomingContext(s.Context())
			value := strings.Join(md["authorization"], "")
			name := value[strings.LastIndexAny(value, ". ")+1:]
			if name == "revoked" {
				return status.Error(codes.Unauthenticated, name)
			}
			return status.Error(codes.NotFound, name) // accepted
		}))
	go server.Serve(listener)
	path := filepath.Join(os.Args[1], "token")
	write := func(token string) {
		if err := os.WriteFile(path+".new", []byte(token), 0o600); err != nil {
			panic(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			panic(err)
		}
	}
	connect := func() *grpc.ClientConn {
		creds, err := jwt.NewTokenFileCallCredentials(path)
		if err != nil {
			panic(err)
		}
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithPerRPCCredentials(creds),
			grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})))
		if err != nil {
			panic(err)
		}
		return conn
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	seen := ""
	call := func(what string, conn *grpc.ClientConn) {
		before := calls.Load()
		s := status.Convert(conn.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{}))
		sent := "not sent"
		if calls.Load() > before {
			sent = s.Message()
		}
		fmt.Printf("%-48s %-16v %s\n", what, s.Code(), sent)
		seen += sent + "; "
	}
	write(token("revoked", time.Hour))
	hour := connect()
	call("token of an hour:", hour)
	write(token("next", time.Hour))
	for range 100 {
		hour.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{})
		time.Sleep(20 * time.Millisecond)
	}
	call("replaced, after 100 refusals in 2 s:", hour)
	write(token("revoked", 50*time.Second))
	minute := connect()
	call("token of 50 s:", minute)
	write(token("next", time.Hour))
	call("replaced, the next call starts the reading:", minute)
	time.Sleep(300 * time.Millisecond)
	call("0.3 s later:", minute)
	write("opaque-token")
	opaque := connect()
	call("opaque token:", opaque)
	write(token("next", time.Hour))
	call("replaced by a good one:", opaque)
	time.Sleep(1500 * time.Millisecond)
	call("1.5 s later:", opaque)
	if seen != "revoked; revoked; revoked; revoked; next; not sent; not sent; next; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get google.golang.org/grpc@v1.85.0
echo "Guess:   a token that was replaced in its file is sent within a minute, or after a refusal."
echo "Happens: in the last minute of the old one; and an opaque one never (grpc-go v1.85.0, credentials/jwt, 2026-11)."
timeout 100 go run . "$dir"
