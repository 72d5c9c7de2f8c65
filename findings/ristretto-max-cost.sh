#!/usr/bin/env bash
# Software:    github.com/dgraph-io/ristretto/v2 v2.4.2 (a token cache as users write it: one token a tenant)
# Guess:       a cache of MaxCost 1,000, where each token is set with cost 1, holds a hundred tenants' tokens; and where
#              SetWithTTL says true, the token is there.
# Happens:     each item costs 56 more than was said, for the cache's own memory: 17 of the hundred stay. The true of SetWithTTL
#              means that it was queued, to be refused or evicted later without a word. The comment of MaxCost says "whatever
#              units you choose", with a cost of 1 as its example; IgnoreInternalCost makes it so.
# Consequence: most calls ask for a token although one was stored a moment ago, at every number of tenants above 17, and
#              nothing reports it: the token endpoint's limit does. Tokens are not what a cache may forget: keep a map of token
#              sources, or count hits.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/dgraph-io/ristretto/v2"
)

// rounds uses one token of each tenant, round after round, and counts the token requests of each round.
func rounds(tenants int, ignore bool) (requests [3]int, accepted, kept int) {
	cache, err := ristretto.NewCache(&ristretto.Config[string, string]{NumCounters: 10_000, MaxCost: 1000, BufferItems: 64,
		IgnoreInternalCost: ignore})
	if err != nil {
		panic(err)
	}
	defer cache.Close()
	for round := range requests {
		for tenant := range tenants {
			key := fmt.Sprint("tenant ", tenant)
			if _, ok := cache.Get(key); ok {
				continue
			}
			requests[round]++
			if cache.SetWithTTL(key, "token", 1, time.Hour) {
				accepted++
			}
		}
		cache.Wait() // until all that was queued has been done
	}
	for tenant := range tenants {
		if _, ok := cache.Get(fmt.Sprint("tenant ", tenant)); ok {
			kept++
		}
	}
	return requests, accepted, kept
}

func main() {
	few, _, fewKept := rounds(17, false)
	fmt.Println("17 tenants:                      token requests in three rounds:", few, "tokens kept:", fewKept)
	many, accepted, kept := rounds(100, false)
	fmt.Println("100 tenants:                     token requests in three rounds:", many, "tokens kept:", kept,
		"- SetWithTTL said true", accepted, "times")
	plain, _, plainKept := rounds(100, true)
	fmt.Println("100 tenants, IgnoreInternalCost: token requests in three rounds:", plain, "tokens kept:", plainKept)
	if few != [3]int{17, 0, 0} || many[0] != 100 || many[1] < 80 || many[2] < 80 || kept > 17 || accepted != many[0]+many[1]+many[2] ||
		plain != [3]int{100, 0, 0} || plainKept != 100 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
GO
quiet go mod init probe
quiet go get github.com/dgraph-io/ristretto/v2@v2.4.2
echo "Guess:   MaxCost 1000 and a cost of 1 keep the tokens of a hundred tenants."
echo "Happens: 17 are kept, and the rest is asked for each time (ristretto v2.4.2, 2026-11)."
timeout 100 go run .
