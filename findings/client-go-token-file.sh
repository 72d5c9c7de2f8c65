#!/usr/bin/env bash
# Software:    k8s.io/client-go v0.37.2 (rest.Config.BearerTokenFile)
# Guess:       the file is read again after a 401, so that a token that was written to it is used by the next request at the
#              latest.
# Happens:     the file is read once in 50 seconds, whatever the API says: with the new token in the file, 401 follows 401 until
#              they are over. With the file away, the last token goes on being used. The same package has a wrapper that
#              reads the file after a 401, transport.ResettableTokenSourceWrapTransport; BearerTokenFile does without it.
# Consequence: a program that fetches tokens into a file for such a client has to write the next one more than a minute
#              before the old one ends. After a revocation there is most of a minute of 401s. For tokens of a minute or two
#              do not use a file: give the client a RoundTripper (rest.Config.WrapTransport).
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main_test.go <<'EOF2'
package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// api accepts one token.
type api struct{ valid string }

func (a *api) RoundTrip(req *http.Request) (*http.Response, error) {
	status := http.StatusOK
	if req.Header.Get("Authorization") != "Bearer "+a.valid {
		status = http.StatusUnauthorized
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
}

func write(token string) {
	if err := os.WriteFile("next", []byte(token), 0o600); err != nil {
		panic(err)
	}
	os.Rename("next", "token")
}

// revoked sends a request with the first token, and one a second from its revocation on, with the second one in the file.
func revoked(what string, server *api, client *http.Client) (refused int) {
	get := func() int {
		res, err := client.Get("https://api.test/")
		if err != nil {
			panic(err)
		}
		return res.StatusCode
	}
	if get() != http.StatusOK {
		panic("the first token was refused")
	}
	write("two")
	server.valid = "two"
	start := time.Now()
	for get() == http.StatusUnauthorized && refused < 300 {
		refused++
		time.Sleep(time.Second)
	}
	fmt.Printf("%-36s %d times 401 in %v\n", what, refused, time.Since(start))
	os.Remove("token")
	time.Sleep(2 * time.Minute)
	fmt.Printf("%-36s %d\n", "  two minutes without the file:", get())
	return refused
}

func Test(t *testing.T) {
	// In a bubble, where a minute passes at once.
	synctest.Test(t, func(t *testing.T) {
		server := &api{"one"}
		write("one")
		client, err := rest.HTTPClientFor(&rest.Config{Host: "https://api.test", BearerTokenFile: "token", Transport: server})
		if err != nil {
			t.Fatal(err)
		}
		file := revoked("BearerTokenFile:", server, client)

		write("one")
		server.valid = "one"
		source := transport.NewCachedFileTokenSource("token")
		wrapped := revoked("ResettableTokenSourceWrapTransport:", server,
			&http.Client{Transport: transport.ResettableTokenSourceWrapTransport(source)(server)})
		if file < 45 || file > 70 || wrapped < 1 || wrapped > 2 {
			t.Fatal("CHANGED: this is not what was seen in 2026-11")
		}
	})
}
EOF2
quiet go mod init probe
quiet go get k8s.io/client-go@v0.37.2
echo "Guess:   after a 401 the token's file is read again."
echo "Happens: not before most of a minute has passed (client-go v0.37.2, 2026-11)."
timeout 110 go test -v . >out 2>&1 || { cat out; exit 1; }
grep -v -e '^=== ' -e '^--- ' -e '^PASS' -e '^ok' -e '^E[0-9]' out
