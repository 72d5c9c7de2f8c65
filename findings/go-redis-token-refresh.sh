#!/usr/bin/env bash
# Software:    github.com/redis/go-redis/v9 v9.23.0 (StreamingCredentialsProvider, tokens as passwords), miniredis v2.40.0
# Guess:       a new token, given to OnNext, has every connection log in again: those in use, the idle ones, and the subscription's.
#              A failure to get a token, given to OnError, is reported; the connections stay as long as the server lets them.
# Happens:     a connection logs in again when it is next used: the idle ones stay with the old token, and so does a subscription,
#              for good, even when it receives and pings. OnError closes every connection of the pool, at once, though each was
#              fine.
# Consequence: where the server ends connections with their token, a subscription ends with the first token, and misses what
#              is published until it is back. And a provider that reports one failed refresh drops the pool in the middle of an
#              outage, with no token to come back with: call OnError only when the old token is at its end.
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
	"sync"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/auth"
)

// tokens is the provider: it hands on what it is given.
type tokens struct {
	sync.Mutex
	current   auth.Credentials
	listeners map[int]auth.CredentialsListener
	last      int
}

func (t *tokens) Subscribe(l auth.CredentialsListener) (auth.Credentials, auth.UnsubscribeFunc, error) {
	t.Lock()
	defer t.Unlock()
	t.last++
	id := t.last
	t.listeners[id] = l
	return t.current, func() error {
		t.Lock()
		defer t.Unlock()
		delete(t.listeners, id)
		return nil
	}, nil
}

func (t *tokens) each(call func(auth.CredentialsListener)) {
	t.Lock()
	var all []auth.CredentialsListener
	for _, l := range t.listeners {
		all = append(all, l)
	}
	t.Unlock()
	for _, l := range all {
		call(l)
	}
}

// conn is a connection to the server, which notes logins with the second token.
type conn struct {
	again, closed atomic.Bool
	subscribes    atomic.Bool
}

func main() {
	server := miniredis.NewMiniRedis()
	server.RequireUserAuth("app", "token 1")
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Close()
	var mutex sync.Mutex
	var conns []*conn
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		upstream, err := (&net.Dialer{}).DialContext(ctx, network, server.Addr())
		if err != nil {
			return nil, err
		}
		near, far := net.Pipe()
		c := &conn{}
		mutex.Lock()
		conns = append(conns, c)
		mutex.Unlock()
		go func() { io.Copy(far, upstream); far.Close() }()
		go func() {
			buf := make([]byte, 4096)
			for {
				n, err := far.Read(buf)
				if err != nil {
					c.closed.Store(true)
					upstream.Close()
					return
				}
				if bytes.Contains(buf[:n], []byte("token 2")) {
					c.again.Store(true)
				}
				if bytes.Contains(bytes.ToLower(buf[:n]), []byte("subscribe")) {
					c.subscribes.Store(true)
				}
				upstream.Write(buf[:n])
			}
		}()
		return near, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	provider := &tokens{current: auth.NewBasicCredentials("app", "token 1"), listeners: map[int]auth.CredentialsListener{}}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Dialer: dial, StreamingCredentialsProvider: provider, PoolSize: 10})
	defer client.Close()
	redis.SetLogger(silent{})

	var five sync.WaitGroup
	for range 5 {
		five.Go(func() { client.BLPop(ctx, time.Second, "nothing") })
	}
	five.Wait() // their connections are idle now
	subscription := client.Subscribe(ctx, "channel")
	if _, err := subscription.Receive(ctx); err != nil { // it is there now
		panic(err)
	}
	messages := subscription.Channel()
	client.Publish(ctx, "channel", "1")
	<-messages

	count := func(which func(*conn) bool) (n int) {
		mutex.Lock()
		defer mutex.Unlock()
		for _, c := range conns {
			if which(c) {
				n++
			}
		}
		return n
	}
	again := func(c *conn) bool { return c.again.Load() }
	open := func(c *conn) bool { return !c.closed.Load() && !c.subscribes.Load() }
	subscribed := func(c *conn) bool { return c.subscribes.Load() && c.again.Load() }

	server.RequireUserAuth("app", "token 2")
	provider.Lock()
	provider.current = auth.NewBasicCredentials("app", "token 2")
	provider.Unlock()
	fmt.Println("open:                                   ", count(open), "connections and a subscription")
	provider.each(func(l auth.CredentialsListener) { l.OnNext(auth.NewBasicCredentials("app", "token 2")) })
	time.Sleep(time.Second)
	atOnce := count(again)
	fmt.Println("a second after OnNext, logged in again: ", atOnce)
	for range 20 {
		client.Ping(ctx)
		time.Sleep(20 * time.Millisecond)
	}
	client.Publish(ctx, "channel", "2")
	<-messages
	subscription.Ping(ctx)
	time.Sleep(time.Second)
	used, left, sub := count(again), count(func(c *conn) bool { return open(c) && !again(c) }), count(subscribed)
	fmt.Println("after 20 commands one after another:    ", used, "logged in again,", left, "did not; the subscription:", sub == 1)
	before := count(open)
	provider.each(func(l auth.CredentialsListener) { l.OnError(errors.New("no token")) })
	time.Sleep(time.Second)
	after := count(open)
	ended := count(func(c *conn) bool { return c.subscribes.Load() && c.closed.Load() })
	fmt.Println("open before OnError, and after it:      ", before, after, "- the subscription's was closed:", ended == 1)
	if atOnce != 0 || used == 0 || left < 3 || sub != 0 || before < 5 || after != 0 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
EOF2
quiet go mod init probe
quiet go get github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
echo "Guess:   a new token has every connection log in again, and a failed refresh closes none."
echo "Happens: neither idle connections nor a subscription do, and OnError closes all (go-redis v9.23.0, 2026-11)."
timeout 60 go run .
