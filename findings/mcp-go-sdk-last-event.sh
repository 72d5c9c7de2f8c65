#!/usr/bin/env bash
# Software:    github.com/modelcontextprotocol/go-sdk v1.8.0 (streamable HTTP client, protocol 2025-11-25)
# Guess:       a client that has received an event names it whenever it opens the GET stream again (Last-Event-ID), until it has
#              received another, as browsers do; streams that end quietly, as a proxy's limit has them end, cost nothing.
# Happens:     it names the event at the first time only. If the stream that is resumed ends before it has had an event, the next
#              request names none: what is sent in between is lost, or everything is sent again. After six streams in a row
#              without an event, the session is over, and calls fail.
# Consequence: behind a proxy that limits requests to a minute, a session in which nothing happens lasts for some minutes; a round
#              tripper beneath the SDK has to keep the event's id, or begin each stream with an event that has one and no data.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// server is the least that a session needs. Its GET streams end at once; the first has an event.
type server struct {
	mu    sync.Mutex
	named []string // what each GET names as the last event
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		s.mu.Lock()
		s.named = append(s.named, r.Header.Get("Last-Event-ID"))
		first := len(s.named) == 1
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		if first {
			fmt.Fprint(w, "id: 7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n")
		}
	case http.MethodPost:
		var in struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
		}
		body, _ := io.ReadAll(r.Body)
		json.Unmarshal(body, &in)
		result := "{}"
		if in.Method == "initialize" {
			result = `{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"server","version":"1"}}`
		}
		w.Header().Set("Mcp-Session-Id", "s")
		if in.ID == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, in.ID, result)
	}
}

func main() {
	s := new(server)
	front := httptest.NewServer(s)
	defer front.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: front.URL}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		fmt.Println("the session does not begin:", err)
		os.Exit(2)
	}
	before := session.Ping(ctx, nil)
	for ctx.Err() == nil && session.Ping(ctx, nil) == nil {
		time.Sleep(100 * time.Millisecond)
	}
	after := session.Ping(ctx, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Printf("the GETs named %q; a call at first: %v, in the end: %v\n", s.named, before, after)
	if before != nil || after == nil || ctx.Err() != nil || len(s.named) < 3 || s.named[1] != "7" || slices.Contains(s.named[2:], "7") {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
EOF2
quiet go mod init finding
quiet go get github.com/modelcontextprotocol/go-sdk@v1.8.0
quiet go mod tidy
quiet go build -o finding .
echo "guess:   each GET after the first names the event 7, and calls work"
timeout 110 ./finding
echo "happens: the second GET names it, the others name none, and the session ends"
