#!/usr/bin/env bash
# Software:    github.com/redis/go-redis/v9 v9.23.0, miniredis v2.40.0
# Guess:       when a connection breaks after SETNX was sent and before its response, the caller gets an error, as it
#              may have been executed or not. "false" with no error means: another process has the lock.
# Happens:     go-redis sends the command again on another connection. The lock was set by the first one, so the caller
#              hears "false", no error: it is locked out by itself, until the key expires. INCR counts twice; so does a
#              script. With MaxRetries -1 the caller gets EOF.
# Consequence: one connection reset and no process fetches a token, for as long as the lock lasts: each believes that
#              another is about to. A lock's value names its owner, and who finds its own name there has it; scripts
#              have the same result when they run twice; or the client of the store is built with MaxRetries -1.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func main() {
	server := miniredis.RunT(nothing{})
	defer server.Close()
	// Between client and server: once armed, the next command that names the key is executed, and its response is lost
	// together with the connection.
	var armed atomic.Bool
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server.Addr())
			if err != nil {
				panic(err)
			}
			var cut atomic.Bool
			go func() {
				buf := make([]byte, 4096)
				for {
					n, err := upstream.Read(buf)
					if err != nil || cut.Load() {
						client.Close()
						upstream.Close()
						return
					}
					client.Write(buf[:n])
				}
			}()
			go func() {
				buf := make([]byte, 4096)
				for {
					n, err := client.Read(buf)
					if err != nil {
						upstream.Close()
						return
					}
					if bytes.Contains(buf[:n], []byte("key")) && armed.CompareAndSwap(true, false) {
						cut.Store(true)
					}
					upstream.Write(buf[:n])
				}
			}()
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	address := listener.Addr().String()
	again := redis.NewClient(&redis.Options{Addr: address})
	once := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	script := redis.NewScript(`return redis.call("INCR", KEYS[1])`)
	script.Run(ctx, again, []string{"warm"})
	once.Ping(ctx)

	armed.Store(true)
	locked, lockErr := again.SetNX(ctx, "key 1", "this process", time.Minute).Result()
	owner, _ := server.Get("key 1")
	fmt.Printf("go-redis, SetNX:                %v, error %v - the lock's value: %q\n", locked, lockErr, owner)
	armed.Store(true)
	number, numberErr := again.Incr(ctx, "key 2").Result()
	fmt.Printf("go-redis, Incr of nothing:      %v, error %v\n", number, numberErr)
	armed.Store(true)
	scripted, scriptErr := script.Run(ctx, again, []string{"key 3"}).Int()
	fmt.Printf("go-redis, the same as a script: %v, error %v\n", scripted, scriptErr)
	armed.Store(true)
	_, onceErr := once.SetNX(ctx, "key 4", "this process", time.Minute).Result()
	fmt.Printf("go-redis, MaxRetries -1, SetNX: error %v\n", onceErr)
	if locked || lockErr != nil || owner != "this process" || number != 2 || numberErr != nil || scripted != 2 || scriptErr != nil ||
		!errors.Is(onceErr, io.EOF) {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}

// nothing stands in for a test.
type nothing struct{}

func (nothing) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (nothing) Cleanup(func())                 {}
func (nothing) Logf(string, ...any)            {}
EOF2
quiet go mod init probe
quiet go get github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
echo "Guess:   SETNX whose response is lost is an error."
echo "Happens: it is sent again, and finds the lock taken, by itself (go-redis v9.23.0, 2026-11)."
timeout 100 go run .
