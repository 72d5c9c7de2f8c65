package redisstore_test

import (
	"context"
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/fleet"
)

var servers = flag.String("servers", "redis-server", "programs to test with, separated by commas: Redis or Valkey")

// onEach runs a test with each of the servers.
func onEach(t *testing.T, test func(t *testing.T, program string)) {
	for program := range strings.SplitSeq(*servers, ",") {
		path, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") == "" {
			t.Skipf("%s is not installed: install Debian's package redis-server", program)
		}
		require.NoError(t, err)
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) { test(t, path) })
	}
}

// server is a Redis of the test's own.
type server struct {
	t       testing.TB
	program string
	dir     string
	address string
	args    []string
	cmd     *exec.Cmd
}

func startServer(t testing.TB, program string, args ...string) *server {
	t.Helper()
	s := &server{t: t, program: program, dir: t.TempDir(), args: args}
	var err error
	for range 5 { // another process may take the port in between
		s.address = freeAddress(t)
		if err = s.start(); err == nil {
			break
		}
	}
	require.NoError(t, err)
	t.Cleanup(s.kill)
	return s
}

func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (s *server) port() string {
	_, port, err := net.SplitHostPort(s.address)
	require.NoError(s.t, err)
	return port
}

// start starts it, and waits until it responds.
func (s *server) start() error {
	args := append([]string{
		"--port", s.port(), "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no",
	}, s.args...)
	s.cmd = exec.Command(s.program, args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: s.address, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := fleet.Until(ctx, "the start of "+s.program, func() bool {
		err := client.Ping(ctx).Err()
		return err == nil || redis.HasErrorPrefix(err, "NOAUTH")
	})
	if err != nil {
		s.kill()
	}
	return err
}

// kill ends it at once.
func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// client returns a client that is closed with the test.
func (s *server) client(options ...func(*redis.Options)) *redis.Client {
	set := &redis.Options{Addr: s.address, MaxRetries: -1, ContextTimeoutEnabled: true}
	for _, o := range options {
		o(set)
	}
	client := redis.NewClient(set)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// do runs a command of Redis.
func (s *server) do(client *redis.Client, args ...any) any {
	s.t.Helper()
	out, err := client.Do(context.Background(), args...).Result()
	require.NoError(s.t, err)
	return out
}

// watches counts the connections that are subscribed.
func (s *server) watches(client *redis.Client) int {
	list, ok := s.do(client, "CLIENT", "LIST", "TYPE", "pubsub").(string)
	require.True(s.t, ok)
	return strings.Count(list, "id=")
}

// pause is for servers in real time, which nothing reports about.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// eventually waits for something that a real server does in its own time.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(t, fleet.Until(ctx, what, holds))
}
