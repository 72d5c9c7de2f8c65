#!/usr/bin/env bash
# Software:    net/http/httputil of Go 1.26.8 (ReverseProxy)
# Guess:       trailers that a request announces go on to the server with their values, as those of a response do.
# Happens:     the server gets their names, and no values: ReverseProxy copies the request's trailers before its body was
#              read, and the values come with the end of the body. A response's trailers arrive with their values.
# Consequence: a digest or signature that is sent behind the body of a request is missing behind a proxy of this kind,
#              while its announcement is there. A proxy gives the request that it sends a Trailer of its own, and fills
#              that when the body has ended.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off

cat > go.mod <<'EOF2'
module finding
go 1.26
EOF2
cat > main.go <<'EOF2'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
)

func main() {
	received := make(chan []string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		values, announced := r.Trailer["Digest"]
		if !announced {
			values = []string{"not announced"}
		}
		received <- values
		w.Header().Set("Trailer", "Sum")
		io.WriteString(w, "done")
		w.Header().Set("Sum", "42")
	}))
	defer server.Close()
	to, err := url.Parse(server.URL)
	if err != nil {
		panic(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	defer proxy.Close()
	exchange := func(address string) (request []string, response string) {
		req, err := http.NewRequest("POST", address, io.MultiReader(strings.NewReader("body"))) // chunked
		if err != nil {
			panic(err)
		}
		req.Trailer = http.Header{"Digest": {"sha-256=abc"}}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		return <-received, resp.Trailer.Get("Sum")
	}
	direct, sum := exchange(server.URL)
	fmt.Printf("directly:          the request's trailer Digest arrives as %q, the response's Sum as %q\n", direct, sum)
	proxied, through := exchange(proxy.URL)
	fmt.Printf("through the proxy: the request's trailer Digest arrives as %q, the response's Sum as %q\n", proxied, through)
	if len(direct) != 1 || direct[0] != "sha-256=abc" || sum != "42" || len(proxied) != 0 || through != "42" {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
EOF2
echo "guess:   a proxy passes on the trailers of a request as it does those of a response"
echo "happens: their names arrive without a value"
timeout 100 go run .
