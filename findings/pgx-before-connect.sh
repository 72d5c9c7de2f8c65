#!/usr/bin/env bash
# Software:    github.com/jackc/pgx/v5 v5.13.0 (pgxpool, with a token as the password, set in BeforeConnect)
# Guess:       BeforeConnect gets the context of the Acquire that wants the connection, so that a token request ends with its
#              caller; and of twenty callers that wait for the first connection of a small pool, one asks for the token.
# Happens:     the context has the caller's values, and neither its deadline nor its cancellation, nor any other: connect_timeout
#              does not count there. What hangs in BeforeConnect holds a place in the pool after its caller is gone; with all
#              places held, no one connects. An error is for one caller, so that each of the twenty asks again, one after
#              another where the pool is small.
# Consequence: a token source without a time limit of its own turns a slow token endpoint into a pool that stands still. The
#              token client must limit its requests itself, share one among its callers, and give them one error for a while.
# Date:        2026-11. Needs Go, no database. Installs nothing outside a temporary folder and Go's module cache.
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
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type key struct{}

func main() {
	config, err := pgxpool.ParseConfig("postgres://orders@127.0.0.1:1/db?pool_max_conns=2&connect_timeout=1")
	if err != nil {
		panic(err)
	}
	var fetch func(context.Context) error
	config.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) error { return fetch(ctx) }
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	acquire := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), key{}, "of the caller"), limit)
		defer cancel()
		_, err := pool.Acquire(ctx)
		return err
	}

	// A token endpoint that does not respond, for two places in the pool.
	seen := make(chan context.Context, 10)
	release := make(chan bool)
	fetch = func(ctx context.Context) error {
		seen <- ctx
		select {
		case <-ctx.Done():
		case <-release:
		}
		return errors.New("no token")
	}
	acquire(100 * time.Millisecond)
	acquire(100 * time.Millisecond)
	ctx := <-seen
	_, limited := ctx.Deadline()
	fmt.Println("in BeforeConnect: value", ctx.Value(key{}), "- deadline:", limited)
	third := acquire(3 * time.Second)
	fmt.Printf("3 s after its caller is gone: ended: %v; the third caller: %v; token requests: %d\n", ctx.Err() != nil, third, 1+len(seen))
	ended, calls := ctx.Err() != nil, 1+len(seen)
	close(release)
	time.Sleep(300 * time.Millisecond)

	// One that fails at once.
	var asked, inFlight, most atomic.Int64
	fetch = func(context.Context) error {
		asked.Add(1)
		if now := inFlight.Add(1); now > most.Load() {
			most.Store(now)
		}
		time.Sleep(20 * time.Millisecond)
		inFlight.Add(-1)
		return errors.New("no token")
	}
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() { acquire(10 * time.Second) })
	}
	callers.Wait()
	fmt.Printf("20 callers, and no token: %d token requests, %d at a time\n", asked.Load(), most.Load())
	if ctx.Value(key{}) == nil || limited || ended || !errors.Is(third, context.DeadlineExceeded) || calls != 2 || asked.Load() != 20 || most.Load() > 2 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/jackc/pgx/v5@v5.13.0
echo "Guess:   a token request in BeforeConnect ends with its caller."
echo "Happens: it has no deadline at all, and holds its place in the pool (pgx v5.13.0, 2026-11)."
timeout 100 go run .
