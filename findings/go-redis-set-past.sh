#!/usr/bin/env bash
# Software:    github.com/redis/go-redis/v9 v9.23.0, github.com/go-redis/cache/v9 v9.0.0, miniredis v2.40.0
# Guess:       an entry that is set for time.Until(expiry) is gone, or refused, when the expiry has just passed. An
#              entry for 900 ms is gone after a second at most. A copy kept in the process ends with its entry.
# Happens:     Set and SetArgs take a negative duration for "no expiry": the dead token stays for good. SetNX, SetXX and
#              SetEx send it, and Redis refuses: "invalid expire time". go-redis/cache makes an hour of anything below a
#              second, and logs that. Its local copy lives as long as LocalCache says, a minute here, whatever the
#              entry's TTL.
# Consequence: the nearer a token is to its end when it is stored, the longer it is handed out. Keep the expiry with the
#              token and compare it at each use; store nothing that has less than a second left.
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
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
)

func main() {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Close()
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	left := time.Until(time.Now().Add(-5 * time.Second)) // the token's expiry was 5 s ago

	show := func(name string, err error) string {
		if err != nil {
			fmt.Printf("%-26s error: %v\n", name, err)
			return "refused"
		}
		server.FastForward(24 * time.Hour)
		defer server.Del("token")
		if !server.Exists("token") {
			fmt.Printf("%-26s gone a day later\n", name)
			return "gone"
		}
		fmt.Printf("%-26s still there a day later\n", name)
		return "kept"
	}
	seen := show("Set, 5 s:", client.Set(ctx, "token", "t", 5*time.Second).Err()) + " "
	seen += show("Set, -5 s:", client.Set(ctx, "token", "t", left).Err()) + " "
	seen += show("SetArgs, -5 s:", client.SetArgs(ctx, "token", "t", redis.SetArgs{TTL: left}).Err()) + " "
	seen += show("SetNX, -5 s:", client.SetNX(ctx, "token", "t", left).Err()) + " "
	seen += show("SetEx, -5 s:", client.SetEx(ctx, "token", "t", left).Err())

	shared := cache.New(&cache.Options{Redis: client})
	for _, ttl := range []time.Duration{1100 * time.Millisecond, 900 * time.Millisecond} {
		if err := shared.Set(&cache.Item{Key: "token", Value: "t", TTL: ttl}); err != nil {
			panic(err)
		}
		fmt.Printf("cache, TTL %-15v lives for %v\n", ttl.String()+":", server.TTL("token"))
	}
	hour := server.TTL("token")
	local := cache.New(&cache.Options{Redis: client, LocalCache: cache.NewTinyLFU(1000, time.Minute)})
	if err := local.Set(&cache.Item{Key: "token", Value: "t", TTL: time.Second}); err != nil {
		panic(err)
	}
	time.Sleep(2 * time.Second)
	server.FastForward(2 * time.Second)
	var value string
	err := local.Get(ctx, "token", &value)
	fmt.Printf("local cache, TTL 1s:       after 2 s %q, error %v; in Redis: %v\n", value, err, server.Exists("token"))
	if seen != "gone kept kept refused refused" || hour != time.Hour || err != nil || value != "t" || server.Exists("token") {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/redis/go-redis/v9@v9.23.0 github.com/go-redis/cache/v9@v9.0.0 github.com/alicebob/miniredis/v2@v2.40.0
echo "Guess:   an entry whose time has passed is gone, one for 900 ms soon."
echo "Happens: the first stays for good, the second for an hour (go-redis v9.23.0, go-redis/cache v9.0.0, 2026-11)."
timeout 60 go run .
