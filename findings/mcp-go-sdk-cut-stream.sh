#!/usr/bin/env bash
# Software:    github.com/modelcontextprotocol/go-sdk v1.8.0 (streamable HTTP client, protocol 2025-11-25)
# Guess:       the standing GET stream is optional and runs beside the calls. A gateway that cuts it, and passes the POSTs, costs
#              Connect nothing: it returns as fast as where the server says by 405 that there is no stream, and calls work.
# Happens:     Connect waits for the stream, tries it five times, and fails after about 20 s, with a session whose calls the
#              server would have taken.
# Consequence: a round tripper beneath the SDK that returns an error for the GET, as a token client does without a token, delays
#              Connect and ends it; to say that there is no stream, it has to return a response with 405.
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
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type in struct{}

func main() {
	connect := func(cut bool) (took time.Duration, connected, called error) {
		server := mcp.NewServer(&mcp.Implementation{Name: "server", Version: "1"}, nil)
		mcp.AddTool(server, &mcp.Tool{Name: "hello"}, func(context.Context, *mcp.CallToolRequest, in) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "hello"}}}, nil, nil
		})
		handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				if cut {
					panic(http.ErrAbortHandler) // closes the connection
				}
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			handler.ServeHTTP(w, r)
		}))
		defer s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil)
		began := time.Now()
		session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: s.URL}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
		took = time.Since(began)
		if err != nil {
			return took, err, nil
		}
		defer session.Close()
		time.Sleep(100 * time.Millisecond)
		_, err = session.CallTool(ctx, &mcp.CallToolParams{Name: "hello"})
		return took, nil, err
	}
	took, connected, called := connect(false)
	fmt.Printf("GET responded to with 405: Connect: %v, after %.1f s; a call: %v\n", connected, took.Seconds(), called)
	changed := connected != nil || called != nil || took > 5*time.Second
	took, connected, _ = connect(true)
	fmt.Printf("GET cut off: Connect after %.1f s: %v\n", took.Seconds(), connected)
	if changed || connected == nil || took < 10*time.Second {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
EOF2
quiet go mod init finding
quiet go get github.com/modelcontextprotocol/go-sdk@v1.8.0
quiet go mod tidy
quiet go build -o finding .
echo "guess:   Connect returns as fast in both cases, and calls work"
timeout 110 ./finding
echo "happens: without the stream, which is optional, Connect fails after about 20 s"
