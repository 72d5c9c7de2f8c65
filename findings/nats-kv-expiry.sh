#!/usr/bin/env bash
# Software:    github.com/nats-io/nats-server/v2 v2.15.3, github.com/nats-io/nats.go v1.55.0 (jetstream, key-value
#              buckets)
# Guess:       who watches a key learns that it has gone when its TTL is over, as from any delete. A key's TTL is as
#              exact as the bucket's, and a duration is a duration.
# Happens:     a watcher hears nothing when the bucket's TTL ends a key: it keeps the value that Get no longer has. Only
#              a bucket with LimitMarkerTTL, made for another purpose by its name, sends it a purge. A key's own TTL is
#              in whole seconds: 1.9 s end after 1, and 900 ms are refused.
# Consequence: a process that follows tokens by Watch hands out the last one until it compares its expiry itself; a
#              lease with a fraction ends early, with two owners for that time. Watchers keep the expiry beside the
#              value; whole seconds for leases.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: os.Args[1] + "/js", NoLog: true, NoSigs: true})
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		panic("no server")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		panic(err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	buckets := 0
	seen := ""
	// try stores a token, and says what a watcher and Get have a while after.
	try := func(what string, config jetstream.KeyValueConfig, after time.Duration, options ...jetstream.KVCreateOpt) {
		buckets++
		config.Bucket, config.Storage = fmt.Sprint("bucket", buckets), jetstream.MemoryStorage
		bucket, err := js.CreateKeyValue(ctx, config)
		if err != nil {
			panic(err)
		}
		watch, err := bucket.Watch(ctx, "token")
		if err != nil {
			panic(err)
		}
		<-watch.Updates() // nil: up to date
		if _, err := bucket.Create(ctx, "token", []byte("t"), options...); err != nil {
			fmt.Printf("%-44s refused: %v\n", what, err)
			seen += "refused; "
			return
		}
		watched, end := "nothing", time.After(after)
		for more := true; more; {
			select {
			case update := <-watch.Updates():
				watched = "gone"
				if update.Operation() == jetstream.KeyValuePut {
					watched = "a token"
				}
			case <-end:
				more = false
			}
		}
		got := "a token"
		if _, err := bucket.Get(ctx, "token"); errors.Is(err, jetstream.ErrKeyNotFound) {
			got = "gone"
		} else if err != nil {
			panic(err)
		}
		fmt.Printf("%-44s after %v: watcher: %s, Get: %s\n", what, after, watched, got)
		seen += watched + ", " + got + "; "
	}
	second := jetstream.KeyValueConfig{TTL: time.Second}
	marker := jetstream.KeyValueConfig{TTL: time.Second, LimitMarkerTTL: time.Minute}
	keys := jetstream.KeyValueConfig{LimitMarkerTTL: time.Minute}
	try("bucket's TTL 1 s:", second, 3*time.Second)
	try("bucket's TTL 1 s, with LimitMarkerTTL:", marker, 3*time.Second)
	try("key's TTL 2 s:", keys, 1600*time.Millisecond, jetstream.KeyTTL(2*time.Second))
	try("key's TTL 1.9 s:", keys, 1600*time.Millisecond, jetstream.KeyTTL(1900*time.Millisecond))
	try("key's TTL 0.9 s:", keys, time.Second, jetstream.KeyTTL(900*time.Millisecond))
	if seen != "a token, gone; gone, gone; a token, a token; gone, gone; refused; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/nats-io/nats-server/v2@v2.15.3 github.com/nats-io/nats.go@v1.55.0
quiet go build -o probe .
echo "Guess:   a watcher learns that a key has reached its TTL; 1.9 s are 1.9 s."
echo "Happens: it does not, unless the bucket has markers; they are 1 s (nats-server v2.15.3, nats.go v1.55.0, 2026-11)."
timeout 60 ./probe "$dir"
