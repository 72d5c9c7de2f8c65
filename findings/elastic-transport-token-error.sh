#!/usr/bin/env bash
# Software:    github.com/elastic/elastic-transport-go/v8 v8.11.0 (what Elasticsearch's Go client sends with)
# Guess:       a request that failed because no token was available, which is the error of the RoundTripper it was given, says
#              nothing about the node that it was for.
# Happens:     the request is sent to the next node, and this one is marked dead: for a minute, and twice as long each time
#              after that. With two such errors in a cluster of three, all that follows goes to the third node. A 401 marks
#              none.
# Consequence: a hiccup of the token endpoint moves the load of a cluster to one node, long after it is over. The same goes
#              for each client that keeps a list of nodes. A token client should retry within itself, and wait for a token as
#              long as the caller may; a refresh ahead of expiry never gets here.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// withToken fails some times, as a RoundTripper that gets no token does, and then passes requests on.
type withToken struct{ failures int }

func (w *withToken) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.failures > 0 {
		w.failures--
		return nil, errors.New("no token: the token endpoint is unavailable")
	}
	return http.DefaultTransport.RoundTrip(req)
}

func main() {
	// spread sends 30 requests to a cluster of three, after some failures, and counts what each node gets.
	spread := func(what string, failures, status int) (counts [3]int) {
		var nodes []*url.URL
		for i := range counts {
			node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				counts[i]++
				w.WriteHeader(status)
			}))
			defer node.Close()
			u, _ := url.Parse(node.URL)
			nodes = append(nodes, u)
		}
		client, err := elastictransport.New(elastictransport.Config{URLs: nodes, Transport: &withToken{failures}})
		if err != nil {
			panic(err)
		}
		failed := 0
		for range 30 {
			req, _ := http.NewRequest(http.MethodGet, "/_cluster/health", nil)
			res, err := client.Perform(req)
			if err != nil {
				failed++
				continue
			}
			res.Body.Close()
		}
		fmt.Printf("%-28s %d requests failed; each node got: %v\n", what, failed, counts)
		return counts
	}
	healthy := spread("all is well:", 0, http.StatusOK)
	refused := spread("all are 401:", 0, http.StatusUnauthorized)
	hiccup := spread("no token, for two requests:", 2, http.StatusOK)
	even := [3]int{10, 10, 10}
	busiest := max(hiccup[0], hiccup[1], hiccup[2])
	if healthy != even || refused != even || busiest != 30 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/elastic/elastic-transport-go/v8@v8.11.0
echo "Guess:   a request without a token says nothing about the node."
echo "Happens: the node is dead for a minute, and its load goes to the others (elastic-transport-go v8.11.0, 2026-11)."
timeout 100 go run .
