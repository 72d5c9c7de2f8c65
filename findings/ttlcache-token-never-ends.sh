#!/usr/bin/env bash
# Software:    github.com/jellydator/ttlcache/v3 v3.4.1 (a token cache as users write it: one token a tenant)
# Guess:       a token that is stored with its expires_in as the TTL is gone when that time is over, however often it is read.
# Happens:     each Get starts the TTL again. A token that is read more often than it would expire stays for as long as it is
#              read: the busier the tenant, the longer its expired token is handed out. WithDisableTouchOnHit ends that, for
#              the cache or for one Get.
# Consequence: the cache works in every test and on every quiet tenant, and the busiest one gets a 401 for each request, until
#              its traffic stops. Keep the expiry in the value and compare it at each use; or keep one token source a tenant
#              instead of tokens. A 401 must replace the token, whatever a cache says of its age.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main_test.go <<'GO'
package main

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

func Test(t *testing.T) {
	// In a bubble, where an hour passes at once.
	synctest.Test(t, func(t *testing.T) {
		lifetime := time.Hour
		usedFor := func(pause time.Duration, options ...ttlcache.Option[string, string]) (time.Duration, time.Duration) {
			cache := ttlcache.New(options...)
			start := time.Now()
			item := cache.Set("tenant", "token", lifetime)
			left := time.Until(item.ExpiresAt())
			for cache.Get("tenant") != nil && time.Since(start) < 24*time.Hour {
				time.Sleep(pause)
			}
			return time.Since(start), left
		}
		busy, left := usedFor(time.Minute)
		quiet, _ := usedFor(lifetime + time.Second)
		untouched, _ := usedFor(time.Minute, ttlcache.WithDisableTouchOnHit[string, string]())
		fmt.Println("stored with a TTL of", left)
		fmt.Println("read once a minute, it was handed out for", busy, "(the end of the test)")
		fmt.Println("read once an hour and a second, for", quiet)
		fmt.Println("once a minute, WithDisableTouchOnHit, for", untouched)
		if left != lifetime || busy < 24*time.Hour || quiet > lifetime+time.Second || untouched > lifetime+time.Minute {
			t.Fatal("CHANGED: this is not what was seen in 2026-11")
		}
	})
}
GO
quiet go mod init probe
quiet go get github.com/jellydator/ttlcache/v3@v3.4.1
echo "Guess:   the token is gone an hour after it was stored."
echo "Happens: not while it is read: each Get starts the hour again (ttlcache v3.4.1, 2026-11)."
timeout 100 go test -v . >out 2>&1 || { cat out; exit 1; }
grep -v -e '^=== ' -e '^--- ' -e '^PASS' -e '^ok' out
