// Command tenants is a service with a token for each of its tenants, to copy from: it forwards requests to an API, with
// the token of the tenant that the path names. It reads each tenant's configuration when a token is fetched, serves
// counts, and ends gracefully.
//
//	go run -C examples ./tenants         serves on 127.0.0.1:8080, against an authorization server of its own
//	go run -C examples ./tenants --demo   sends requests for 1,000 tenants by itself, through an outage, and reports
//
//	GET /t42/items     the API's /items, with the token of tenant t42
//	GET /metrics       counts, as text
//	GET /healthz       200 while the service runs
//
// What belongs to the demonstration is in demo.go; the rest is what a service of yours would have.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alf-go/alf"
)

func main() {
	address := flag.String("listen", "127.0.0.1:8080", "the `address` to serve on")
	demo := flag.Bool("demo", false, "send requests, with an outage in between, and report")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *demo); err != nil {
		fmt.Fprintln(os.Stderr, "tenants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string, demo bool) error {
	servers, err := startServers()
	if err != nil {
		return err
	}
	defer servers.close()
	database := newDatabase(servers.kit.TokenURL(), 1000)

	level := slog.LevelInfo
	if demo {
		level = slog.LevelError // an outage is meant to happen
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	pool, err := newPool(database, alf.Config{Logger: logger})
	if err != nil {
		return err
	}
	defer pool.Close()

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newService(pool, servers.kit.APIURL()), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Printf("serving on http://%s; try /t42/items and /metrics\n", listener.Addr())

	if demo {
		err = demonstrate(ctx, "http://"+listener.Addr().String(), servers.kit, pool)
	} else {
		select {
		case <-ctx.Done():
		case err = <-served:
		}
	}
	// Requests that run may finish. Only then the pool ends, which they need.
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(deadline))
}

// newPool makes the pool of all tenants' tokens. cfg is what they have in common.
func newPool(db *database, cfg alf.Config) (*alf.Pool, error) {
	return alf.NewPool(alf.PoolConfig{
		Config: cfg,
		Tenant: func(ctx context.Context, name string) (alf.Config, error) {
			t, err := db.load(ctx, name)
			if err != nil {
				return alf.Config{}, err
			}
			return alf.Config{
				TokenURL:     t.tokenURL,
				ClientID:     t.clientID,
				ClientSecret: alf.Secret(t.secret),
				Scopes:       []string{"items:read"},
			}, nil
		},
	})
}
