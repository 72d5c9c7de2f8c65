#!/usr/bin/env bash
# Software:    github.com/bsm/redislock v0.9.4, github.com/go-redsync/redsync/v4 v4.18.1, both over go-redis v9.23.0;
#              miniredis v2.40.0
# Guess:       a lock that its caller did not get, as its deadline passed meanwhile, is not held: the library releases
#              it. A caller without a deadline that waits with a retry strategy waits until the lock is free.
# Happens:     over a client with ContextTimeoutEnabled, one caller's deadline of 200 ms leaves a lock of 30 s to no
#              owner: redislock does not release it, and redsync tries, with the context that is over. And redislock's
#              Obtain without a deadline ends after the TTL of the lock that it wants, with context.DeadlineExceeded,
#              though the context's own error is nil.
# Consequence: one caller with little time left stops the token requests of all processes until the TTL is over. Ask for
#              the lock with a context of one's own, not with the request's; short locks, extended while the work goes
#              on. DeadlineExceeded does not say whose deadline it was: look at the context's own error.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

func main() {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Close()
	// Between client and server, responses can be delayed.
	var delay atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	copyTo := func(to, from net.Conn, wait func()) {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			if err != nil {
				to.Close()
				return
			}
			wait()
			to.Write(buf[:n])
		}
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
			go copyTo(upstream, client, func() {})
			go copyTo(client, upstream, func() { time.Sleep(time.Duration(delay.Load())) })
		}
	}()
	client := func() *redis.Client {
		return redis.NewClient(&redis.Options{Addr: listener.Addr().String(), ContextTimeoutEnabled: true})
	}
	locks, mutexes := redislock.New(client()), redsync.New(goredis.NewPool(client()))
	// Both have their scripts in the server, and a connection, from here on.
	ctx := context.Background()
	lock, err := locks.Obtain(ctx, "first", time.Minute, nil)
	if err != nil {
		panic(err)
	}
	if err := lock.Release(ctx); err != nil {
		panic(err)
	}
	mutex := mutexes.NewMutex("second")
	if err := mutex.Lock(); err != nil {
		panic(err)
	}
	if _, err := mutex.Unlock(); err != nil {
		panic(err)
	}
	fmt.Println("released by their owners, left over:      ", server.Keys())

	delay.Store(int64(400 * time.Millisecond))
	within := func(obtain func(context.Context) error) error {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		return obtain(short)
	}
	err1 := within(func(c context.Context) error { _, err := locks.Obtain(c, "first", 30*time.Second, nil); return err })
	err2 := within(mutexes.NewMutex("second", redsync.WithExpiry(30*time.Second)).LockContext)
	delay.Store(0)
	time.Sleep(time.Second)
	fmt.Println("redislock, deadline of 200 ms:            ", err1, "- the lock is there for", server.TTL("first"))
	fmt.Println("redsync, deadline of 200 ms:              ", err2, "- the lock is there for", server.TTL("second"))

	if _, err := locks.Obtain(ctx, "third", time.Minute, nil); err != nil {
		panic(err)
	}
	time.AfterFunc(3*time.Second, func() { server.Del("third") })
	wait := func(c context.Context) (time.Duration, error) {
		start := time.Now()
		_, err := locks.Obtain(c, "third", 2*time.Second, &redislock.Options{RetryStrategy: redislock.LinearBackoff(50 * time.Millisecond)})
		return time.Since(start).Round(100 * time.Millisecond), err
	}
	waited, err3 := wait(ctx)
	fmt.Println("redislock, wants 2 s, no deadline, waited:", waited, err3, "- the context's own error:", ctx.Err())
	long, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err4 := wait(long)
	fmt.Println("redislock, the same with a deadline:      ", err4)
	if err1 == nil || err2 == nil || server.TTL("first") < 20*time.Second || server.TTL("second") < 20*time.Second ||
		!errors.Is(err3, context.DeadlineExceeded) || waited > 2500*time.Millisecond || err4 != nil {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/bsm/redislock@v0.9.4 github.com/go-redsync/redsync/v4@v4.18.1 github.com/go-redsync/redsync/v4/redis/goredis/v9@v4.18.1 \
  github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
echo "Guess:   a lock that its caller did not get in time is not held, and a wait without a deadline has none."
echo "Happens: it is held by no process until its TTL ends; the wait ends with one (redislock v0.9.4, redsync v4.18.1, 2026-11)."
timeout 100 go run .
