// Command alf is the program of the root module with one more store: --store redis://HOST:PORT shares tokens between
// the machines that use the same server.
package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/alf-go/alf/internal/program"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

func main() {
	logging.Disable() // go-redis would write to standard error
	program.Main(program.Extension{Stores: settings.Stores{"redis": open, "rediss": open, "unix": open}})
}

// connectTime is how long a command waits for a server before it goes on without. From then on the connection is
// there, so that the 150 ms of a store operation suffice.
const connectTime = time.Second

func open(ctx context.Context, url string, warn func(error)) (store.Store, error) {
	s, err := redisstore.Open(url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := s.Ping(ctx); err != nil {
		warn(err)
	}
	return s, nil
}
