#!/usr/bin/env bash
# Software:    google.golang.org/grpc v1.85.0, connectrpc.com/connect v1.21.1
# Guess:       when a proxy, not the service, refuses a gRPC call, with HTTP 401 and a challenge, the client has
#              Unauthenticated, as gRPC maps the status where there is no grpc-status; and the challenge is among the
#              headers or trailers that it can ask for.
# Happens:     with text/html the code is as mapped, and the challenge is gone: no header, no trailer, and in connect-go
#              no Meta. With the content type application/grpc, grpc-go does not look at the HTTP status: 401, 403, 429
#              and 503 are all Unknown, with an empty text, and there the challenge is in the trailers. connect-go maps
#              these as well.
# Consequence: no rule for gRPC may need the challenge (insufficient_scope, use_dpop_nonce) or Retry-After. A retry
#              after Unauthenticated misses what a proxy sends as gRPC without a grpc-status; a proxy that refuses gRPC
#              calls itself sends HTTP 200 with grpc-status 16 in its headers.
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
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	seen := ""
	try := func(httpStatus int, contentType, grpcStatus string) {
		proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
			if grpcStatus != "" {
				w.Header().Set("Grpc-Status", grpcStatus)
			}
			w.WriteHeader(httpStatus)
		}))
		proxy.EnableHTTP2 = true
		proxy.StartTLS()
		defer proxy.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		tls := credentials.NewTLS(proxy.Client().Transport.(*http.Transport).TLSClientConfig)
		conn, err := grpc.NewClient(proxy.Listener.Addr().String(), grpc.WithTransportCredentials(tls))
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		var header, trailer metadata.MD
		s := status.Convert(conn.Invoke(ctx, "/stock/Get", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&header), grpc.Trailer(&trailer)))
		challenge := "none"
		if len(header["www-authenticate"])+len(trailer["www-authenticate"]) > 0 {
			challenge = "there"
		}
		client := connect.NewClient[emptypb.Empty, emptypb.Empty](proxy.Client(), proxy.URL+"/stock/Get", connect.WithGRPC())
		_, err = client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
		var other *connect.Error
		if !errors.As(err, &other) {
			panic(err)
		}
		otherChallenge := "none"
		if other.Meta().Get("WWW-Authenticate") != "" {
			otherChallenge = "there"
		}
		fmt.Printf("%d %-16s grpc-status %-4q grpc-go: %-16v %-9s (%.30q)  connect-go: %-17v %s\n",
			httpStatus, contentType, grpcStatus, s.Code(), challenge, s.Message(), other.Code(), otherChallenge)
		seen += fmt.Sprint(s.Code(), " ", challenge, " ", other.Code(), " ", otherChallenge, "; ")
	}
	fmt.Println("Code and challenge in the clients:")
	try(200, "application/grpc", "16")
	try(401, "text/html", "")
	try(401, "application/grpc", "")
	try(503, "text/html", "")
	try(503, "application/grpc", "")
	if seen != "Unauthenticated there unauthenticated there; Unauthenticated none unauthenticated none; "+
		"Unknown there unauthenticated none; Unavailable none unavailable none; Unknown there unavailable none; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get google.golang.org/grpc@v1.85.0 connectrpc.com/connect@v1.21.1
echo "Guess:   a proxy's 401 is Unauthenticated, and its challenge can be read."
echo "Happens: the challenge is lost, or the code is Unknown (grpc-go v1.85.0, connect-go v1.21.1, 2026-11)."
timeout 100 go run .
