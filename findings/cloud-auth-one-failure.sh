#!/usr/bin/env bash
# Software:    cloud.google.com/go/auth v0.24.4 (NewCachedTokenProvider, around any source of tokens)
# Guess:       when the refresh ahead of time fails, one of the next calls tries again, while the old token lasts: that
#              is what the 3 min 45 s of its ExpireEarly are for. A token of a minute costs about one token request a
#              minute.
# Happens:     one failed refresh is the last until the token has expired: then a caller waits for the request, the
#              others behind it. A token that lives for less than ExpireEarly is due from its first moment: each call,
#              as soon as the last refresh is back, starts the next. A hundred calls in two seconds made about a hundred
#              token requests.
# Consequence: a single 503 takes the refresh ahead away, and an endpoint that is down at the moment of expiry fails the
#              calls, though it was up for minutes before. Do not put this cache around a token client that has one, or
#              give it ExpireEarly of a few seconds; margins are relative to the lifetime, and a failed refresh is tried
#              again.
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
	"os"
	"sync"
	"time"

	"cloud.google.com/go/auth"
)

// source is a token endpoint: it notes when it was asked, and fails the requests of these numbers.
type source struct {
	sync.Mutex
	lifetime time.Duration
	fails    map[int]bool
	asked    []time.Time
}

func (s *source) Token(context.Context) (*auth.Token, error) {
	s.Lock()
	defer s.Unlock()
	s.asked = append(s.asked, time.Now())
	if s.fails[len(s.asked)] {
		return nil, errors.New("503")
	}
	return &auth.Token{Value: fmt.Sprint("token ", len(s.asked)), Expiry: time.Now().Add(s.lifetime)}, nil
}

func (s *source) requests() int {
	s.Lock()
	defer s.Unlock()
	return len(s.asked)
}

// use calls Token every 20 ms for that time.
func use(s *source, ahead, duration time.Duration) (calls, failed int) {
	var options *auth.CachedTokenProviderOptions
	if ahead > 0 {
		options = &auth.CachedTokenProviderOptions{ExpireEarly: ahead}
	}
	cache := auth.NewCachedTokenProvider(s, options)
	for start := time.Now(); time.Since(start) < duration; time.Sleep(20 * time.Millisecond) {
		calls++
		if _, err := cache.Token(context.Background()); err != nil {
			failed++
		}
	}
	return calls, failed
}

func main() {
	// 5 s, to be refreshed from 1 s on: 4 s are left to try again.
	well := &source{lifetime: 5 * time.Second}
	use(well, 4*time.Second, 1800*time.Millisecond)
	fmt.Println("5 s, refresh ahead from 1 s on, nothing fails, requests in 1.8 s:", well.requests())
	once := &source{lifetime: 5 * time.Second, fails: map[int]bool{2: true}}
	calls, _ := use(once, 4*time.Second, 5500*time.Millisecond)
	gap := time.Duration(0)
	if len(once.asked) > 2 {
		gap = once.asked[2].Sub(once.asked[1]).Round(100 * time.Millisecond)
	}
	fmt.Println("the refresh fails once, next attempt after:", gap, "of 4 s that were left, in", calls, "calls")
	both := &source{lifetime: 5 * time.Second, fails: map[int]bool{2: true, 3: true}}
	_, failed := use(both, 4*time.Second, 5500*time.Millisecond)
	fmt.Println("the endpoint fails at the refresh, and again at the expiry, failed calls:", failed)

	hour, minute := &source{lifetime: time.Hour}, &source{lifetime: time.Minute}
	use(hour, 0, 2*time.Second)
	calls, _ = use(minute, 0, 2*time.Second)
	fmt.Println("token of an hour, requests in 2 s:", hour.requests())
	fmt.Println("token of a minute, requests in 2 s:", minute.requests(), "in", calls, "calls")
	if well.requests() != 2 || gap < 3500*time.Millisecond || failed == 0 || hour.requests() != 1 || minute.requests() < calls/2 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get cloud.google.com/go/auth@v0.24.4
echo "Guess:   a refresh that failed is tried again while the old token lasts."
echo "Happens: not before it has expired; and tokens of a minute are refreshed at every call (cloud.google.com/go/auth v0.24.4, 2026-11)."
timeout 100 go run .
