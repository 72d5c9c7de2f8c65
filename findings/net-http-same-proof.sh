#!/usr/bin/env bash
# Software:    net/http of the Go that is there (seen with 1.26.8), and a server that ends connections after requests
# Guess:       what a RoundTripper is given is sent once. If the server closes the connection instead of responding, that is an error.
# Happens:     a GET on a connection that was used before is sent again by net/http itself, with the same headers, although
#              the server has read it. A PUT and a DELETE, idempotent as well, are not: those are EOF.
# Consequence: the DPoP proof (RFC 9449) of such a GET reaches the API twice, and an API that remembers proofs responds to the
#              second with a 401. The token is as good as before: after a 401 that calls the proof invalid, send another
#              proof with the same token.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"
)

func main() {
	fmt.Println(runtime.Version())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	proofs := map[string]int{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // responds to the first request, reads the second, and closes
				defer conn.Close()
				reader := bufio.NewReader(conn)
				for n := range 2 {
					req, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					mu.Lock()
					proofs[req.Header.Get("DPoP")]++
					mu.Unlock()
					if n == 0 {
						io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
					}
				}
			}()
		}
	}()
	changed := false
	for method, want := range map[string]int{"GET": 2, "PUT": 1, "DELETE": 1} {
		client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
		for _, which := range []string{"first", "second"} {
			req, _ := http.NewRequest(method, "http://"+listener.Addr().String(), nil)
			req.Header.Set("DPoP", method+" "+which)
			resp, err := client.Do(req)
			outcome := fmt.Sprint(err)
			if err == nil {
				resp.Body.Close()
				outcome = resp.Status
			}
			mu.Lock()
			fmt.Printf("%-7s %-7s the server saw its proof %d times: %s\n", method, which, proofs[method+" "+which], outcome)
			mu.Unlock()
		}
		mu.Lock()
		changed = changed || proofs[method+" second"] != want
		mu.Unlock()
		client.CloseIdleConnections()
	}
	if changed {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
echo "Guess:   a request that the server has read is not sent again by itself."
echo "Happens: a GET is, with the same proof; PUT and DELETE are not (Go 1.26.8, 2026-11)."
timeout 100 go run .
