#!/usr/bin/env bash
# Software:    github.com/hashicorp/go-retryablehttp v0.7.8, github.com/failsafe-go/failsafe-go v0.9.8 (failsafehttp)
# Guess:       a library that retries by Retry-After (RFC 9110 section 10.2.3) reads both of its forms, seconds and a date, and its
#              own longest wait limits both.
# Happens:     go-retryablehttp reads both, and RetryWaitMax limits neither: with "Retry-After: 3600" it sleeps for an hour.
#              failsafe-go reads seconds only, and retries at once if it is a date.
# Consequence: a token endpoint's 429 seen through the first ends as the caller's time limit, without the status and without the
#              Retry-After, and a client above it cannot keep to what the server asked for. Advise users to leave retries of token
#              requests to the client, and say in the error of a time limit that a transport of theirs was in between.
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
	"os"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
)

func main() {
	busy, after := true, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusTooManyRequests)
		}
		busy = false
	}))
	const longest = 100 * time.Millisecond
	retryable := retryablehttp.NewClient()
	retryable.Logger, retryable.RetryWaitMin, retryable.RetryWaitMax = nil, longest/10, longest
	policy := failsafehttp.NewRetryPolicyBuilder().WithBackoff(longest/10, longest).Build()
	libraries := []struct {
		name   string
		client *http.Client
	}{
		{"go-retryablehttp", retryable.StandardClient()},
		{"failsafe-go", &http.Client{Transport: failsafehttp.NewRoundTripper(nil, policy)}},
	}
	waited := map[string]time.Duration{}
	for _, l := range libraries {
		for _, form := range []string{"seconds", "date"} {
			busy, after = true, "3"
			if form == "date" {
				after = time.Now().Add(4 * time.Second).UTC().Format(http.TimeFormat) // 3 to 4 s, without its fraction
			}
			start := time.Now()
			resp, err := l.client.Get(server.URL)
			if err != nil {
				panic(err)
			}
			resp.Body.Close()
			waited[l.name+" "+form] = time.Since(start)
			fmt.Printf("%-17s Retry-After: %-30s tried again after %v\n", l.name, after, time.Since(start).Round(10*time.Millisecond))
		}
	}
	long := func(of string) bool { return waited[of] > 2500*time.Millisecond }
	if !long("go-retryablehttp seconds") || !long("go-retryablehttp date") || !long("failsafe-go seconds") || long("failsafe-go date") {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/hashicorp/go-retryablehttp@v0.7.8 github.com/failsafe-go/failsafe-go/failsafehttp@v0.9.8
echo "Guess:   both forms of Retry-After count, within the longest wait that was configured (0.1 s here)."
echo "Happens: go-retryablehttp v0.7.8 knows no limit, failsafe-go v0.9.8 no dates (2026-11)."
timeout 200 go run .
