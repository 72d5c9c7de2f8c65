#!/usr/bin/env bash
# Software:    github.com/redis/go-redis/v9 v9.23.0 (Ring), miniredis v2.40.0
# Guess:       a Ring spreads channels over its servers as it spreads keys, and Subscribe to several channels subscribes
#              to each where Publish sends its messages.
# Happens:     Publish goes to the channel's own server, and Subscribe, with all its channels, to that of the first.
#              What is published on the others' servers is lost: no error anywhere, Publish says 0 receivers. A
#              subscription for each channel gets all.
# Consequence: processes that share tokens through a Ring, and follow several identities with one subscription, hear of
#              some of the new tokens and not of others, always the same. One subscription a channel, and a poll beside
#              it.
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
	"github.com/redis/go-redis/v9"
)

func main() {
	addresses := map[string]string{}
	for _, name := range []string{"one", "two"} {
		server := miniredis.NewMiniRedis()
		if err := server.Start(); err != nil {
			panic(err)
		}
		defer server.Close()
		addresses[name] = server.Addr()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ring := redis.NewRing(&redis.RingOptions{Addrs: addresses})
	single := redis.NewClient(&redis.Options{Addr: addresses["one"]})
	var channels []string
	for i := range 10 {
		channels = append(channels, fmt.Sprint("tokens of client ", i))
	}

	// count says how many of the ten messages arrive by these subscriptions.
	count := func(publish func(ctx context.Context, channel string, message any) *redis.IntCmd, subscriptions ...*redis.PubSub) (arrived int) {
		for _, s := range subscriptions {
			defer s.Close()
		}
		for _, channel := range channels {
			if err := publish(ctx, channel, "a token").Err(); err != nil {
				panic(err)
			}
		}
		for _, s := range subscriptions {
			messages, quiet := s.Channel(), time.After(time.Second)
			for more := true; more; {
				select {
				case <-messages:
					arrived++
				case <-quiet:
					more = false
				}
			}
		}
		return arrived
	}
	// subscribe returns when the server has confirmed all channels.
	subscribe := func(to interface {
		Subscribe(ctx context.Context, channels ...string) *redis.PubSub
	}, channels ...string) *redis.PubSub {
		s := to.Subscribe(ctx, channels...)
		for range channels {
			if _, err := s.Receive(ctx); err != nil {
				panic(err)
			}
		}
		return s
	}
	of := func(n int) string { return fmt.Sprint(n, " of 10 messages") }
	plain := count(single.Publish, subscribe(single, channels...))
	fmt.Println("client, one subscription to 10 channels:  ", of(plain))
	together := count(ring.Publish, subscribe(ring, channels...))
	fmt.Println("ring, one subscription to 10 channels:    ", of(together))
	var each []*redis.PubSub
	for _, channel := range channels {
		each = append(each, subscribe(ring, channel))
	}
	apart := count(ring.Publish, each...)
	fmt.Println("ring, 10 subscriptions to a channel each: ", of(apart))
	if plain != 10 || together < 1 || together > 9 || apart != 10 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
echo "Guess:   a subscription of a Ring gets the messages of all its channels."
echo "Happens: those of the server of its first channel (go-redis v9.23.0, 2026-11)."
timeout 60 go run .
