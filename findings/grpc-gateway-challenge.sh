#!/usr/bin/env bash
# Software:    github.com/grpc-ecosystem/grpc-gateway/v2 v2.33.0 (HTTP before a gRPC server), grpc v1.84.0
# Guess:       a gRPC status Unauthenticated becomes a 401 with a challenge, or without one.
# Happens:     a 401 whose WWW-Authenticate is the text of the status: "token expired", say, which is no challenge: to a parser it
#              is a scheme called "token". ResourceExhausted and Unavailable become 429 and 503 without a Retry-After.
# Consequence: the header may hold prose, or whatever the service's author put into an error. Treat a 401 whose challenge makes
#              no sense as one without a challenge, and look for error codes under a scheme that is known only.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"fmt"
	"net/http/httptest"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func main() {
	mux := runtime.NewServeMux()
	seen := ""
	for _, code := range []codes.Code{codes.Unauthenticated, codes.ResourceExhausted, codes.Unavailable} {
		response, req := httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/stock", nil)
		runtime.HTTPError(req.Context(), mux, &runtime.JSONPb{}, response, req, status.Error(code, "token expired, error in the log"))
		header := response.Header()
		fmt.Printf("%-17v %d WWW-Authenticate: %q Retry-After: %q\n", code, response.Code, header.Values("WWW-Authenticate"), header.Values("Retry-After"))
		seen += fmt.Sprint(response.Code, header.Values("WWW-Authenticate"), header.Values("Retry-After"), " ")
	}
	if seen != "401 [token expired, error in the log] [] 429 [] [] 503 [] [] " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/grpc-ecosystem/grpc-gateway/v2/runtime@v2.33.0 google.golang.org/grpc@v1.84.0
echo "Guess:   401 with a challenge or without one."
echo "Happens: 401 with the text of the error as its challenge (grpc-gateway v2.33.0, 2026-11)."
timeout 200 go run .
