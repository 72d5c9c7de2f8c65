package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/internal/subprocess"
	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

// redisServer is a redis-server of the bench's own, which keeps nothing on disk.
type redisServer struct {
	program string
	dir     string
	port    int
	starter *subprocess.Starter
	cmd     *exec.Cmd
	client  *redis.Client
}

// Ports below those that systems give to clients: while the server is down, a connection to its port must not find
// itself at the other end.
const firstPort, lastPort = 20_000, 32_000

// startRedis starts one on a free port.
func startRedis(program string) (*redisServer, error) {
	dir, err := os.MkdirTemp("", "bench-redis-")
	if err != nil {
		return nil, err
	}
	r := &redisServer{program: program, dir: dir, starter: subprocess.NewStarter()}
	for range 20 { // another program may take the port in between
		r.port = firstPort + rand.IntN(lastPort-firstPort)
		listener, listenErr := net.Listen("tcp", r.address())
		if err = listenErr; err != nil {
			continue
		}
		_ = listener.Close()
		if err = r.start(); err == nil {
			r.client = redis.NewClient(&redis.Options{Addr: r.address(), MaxRetries: -1})
			return r, nil
		}
	}
	r.close()
	return nil, fmt.Errorf("redis-server does not start: %w", err)
}

func (r *redisServer) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

func (r *redisServer) url() string { return "redis://" + r.address() }

// start starts the server, and waits until it responds.
func (r *redisServer) start() error {
	command := []string{
		r.program, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", r.dir, "--save", "", "--appendonly", "no",
		"--daemonize", "no", "--loglevel", "warning",
	}
	// It has a machine of its own as a rule. Among 200 busy processes on two cores it would hardly run. Without the
	// permission, nice starts it all the same.
	if nice, err := exec.LookPath("nice"); err == nil {
		command = append([]string{nice, "-n", "-15"}, command...)
	}
	r.cmd = exec.Command(command[0], command[1:]...)
	if err := r.starter.Start(r.cmd); err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: r.address(), MaxRetries: -1})
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := fleet.Until(ctx, "redis-server responds", func() bool { return client.Ping(ctx).Err() == nil }); err != nil {
		r.kill()
		return err
	}
	return nil
}

// kill ends the server at once.
func (r *redisServer) kill() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
	}
}

func (r *redisServer) close() {
	r.kill()
	r.starter.Close()
	if r.client != nil {
		_ = r.client.Close()
	}
	_ = os.RemoveAll(r.dir)
}

// silent takes what go-redis would write to standard error: each connection that it cannot make.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}

// openStore opens the store of a process.
func openStore(address string) (store.Store, error) {
	redis.SetLogger(silent{})
	return redisstore.Open(address)
}

// bare is a client of Redis with nothing of ours.
type bare struct{ client *redis.Client }

func openBare(address string) (fleet.Bare, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, err
	}
	return &bare{redis.NewClient(options)}, nil
}

// Publish is a PUBLISH.
func (b *bare) Publish(ctx context.Context, channel, message string) error {
	return b.client.Publish(ctx, channel, message).Err()
}

// Listen is a SUBSCRIBE.
func (b *bare) Listen(ctx context.Context, channel string, ready, heard func()) error {
	subscription := b.client.Subscribe(ctx, channel)
	defer subscription.Close()
	defer context.AfterFunc(ctx, func() { _ = subscription.Close() })()
	if _, err := subscription.Receive(ctx); err != nil {
		return err
	}
	ready()
	for {
		switch _, err := subscription.ReceiveMessage(ctx); {
		case err == nil:
			heard()
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, redis.ErrClosed):
			return err
		}
	}
}

// Close closes the connections.
func (b *bare) Close() error { return b.client.Close() }
