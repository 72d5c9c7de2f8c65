#!/usr/bin/env bash
# Software:    gopkg.in/dnaeon/go-vcr.v4 v4.0.8 (records HTTP and replays it in tests)
# Guess:       a recorded token request is replayed for a later one to the same URL, as in go-vcr's earlier versions, which
#              compared method and URL.
# Happens:     the default of v4 compares the body and the headers as well, so a token request with an assertion (whose jti and
#              time are others each time) is never found; and each recording is replayed once, so a refresh is not either.
# Consequence: users who test with it see "requested interaction not found" as a network error of the token endpoint, which a
#              client retries. They need a matcher that leaves body and DPoP header out, and WithReplayableInteractions(true).
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":60}`)
	}))
	open := func(options ...recorder.Option) *recorder.Recorder {
		r, err := recorder.New("token", options...)
		if err != nil {
			panic(err)
		}
		return r
	}
	ask := func(r *recorder.Recorder, what, assertion string) error {
		resp, err := r.GetDefaultClient().PostForm(server.URL, url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion}})
		if err == nil {
			resp.Body.Close()
		}
		fmt.Printf("%-30s %v\n", what, err)
		return err
	}
	recording := open()
	a := ask(recording, "recorded, assertion 1:", "1")
	recording.Stop()
	replaying := open(recorder.WithMode(recorder.ModeReplayOnly))
	b := ask(replaying, "replayed, assertion 2:", "2")
	c := ask(replaying, "replayed, assertion 1:", "1")
	d := ask(replaying, "replayed, assertion 1 again:", "1")
	if a != nil || b == nil || c != nil || d == nil {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get gopkg.in/dnaeon/go-vcr.v4/pkg/recorder@v4.0.8
echo "Guess:   method and URL decide, and a recording may be replayed again."
echo "Happens: the body decides too, and each recording is good for one request (go-vcr v4.0.8, 2026-11)."
timeout 200 go run .
