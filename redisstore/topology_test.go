package redisstore_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

// worksOver checks commands and pushes over any kind of client, for many IDs, which are on different servers.
func worksOver(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	shared := redisstore.New(client)
	defer func() { require.NoError(t, shared.Close()) }()
	eventually(t, "the servers are ready", func() bool { return shared.Check(t.Context()) == nil })
	for n := range 20 {
		id := store.ID(digest(n))
		ctx, cancel := context.WithCancel(t.Context())
		pushed, ended := make(chan store.Push, 10), make(chan error, 1)
		go func() { ended <- shared.Watch(ctx, id, func(p store.Push) { pushed <- p }) }()
		next := func() store.Push {
			select {
			case p := <-pushed:
				return p
			case err := <-ended:
				require.NoError(t, err, "watching %s", id)
			}
			return store.Push{}
		}
		next()
		r, err := shared.Do(t.Context(), id, store.Command{Kind: store.Acquire, Owner: "a", Lease: 5_000})
		require.NoError(t, err)
		_, err = shared.Do(t.Context(), id, store.Command{
			Kind: store.Publish, Owner: "a", Grant: r.Grant, Digest: digest(n), Expires: r.Now + 60_000, Sealed: []byte("s"),
		})
		require.NoError(t, err)
		require.Equal(t, digest(n), next().Record.Digest)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	}
}

func TestD2_Cluster(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		nodes := [2]*server{}
		for i := range nodes {
			nodes[i] = startServer(t, program, "--cluster-enabled", "yes", "--cluster-port", busPort(t))
		}
		clients := [2]*redis.Client{nodes[0].client(), nodes[1].client()}
		nodes[0].do(clients[0], "CLUSTER", "ADDSLOTSRANGE", 0, 8191)
		nodes[1].do(clients[1], "CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
		nodes[0].do(clients[0], "CLUSTER", "MEET", "127.0.0.1", nodes[1].port(), nodes[1].args[3])
		for _, client := range clients {
			eventually(t, "both know of each other", func() bool {
				info, err := client.ClusterInfo(t.Context()).Result()
				return err == nil && strings.Contains(info, "cluster_state:ok")
			})
		}
		worksOver(t, clusterClient(t, nodes[0].address))

		// A client for one server says what it needs instead.
		one := redisstore.New(clients[0])
		defer func() { require.NoError(t, one.Close()) }()
		eventually(t, "an ID of the other server", func() bool {
			err := one.Check(t.Context())
			if err != nil {
				require.ErrorContains(t, err, "NewClusterClient")
			}
			return err != nil
		})
	})
}

func busPort(t *testing.T) string {
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	return port
}

func clusterClient(t *testing.T, address string) *redis.ClusterClient {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{address}})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestD2_Ring(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		client := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{
			"a": startServer(t, program).address, "b": startServer(t, program).address, "c": startServer(t, program).address,
		}})
		defer func() { require.NoError(t, client.Close()) }()
		worksOver(t, client)
	})
}

func TestD2_UnixSocketAndDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		dir, err := os.MkdirTemp("", "alf") // a short path: those of sockets are limited
		require.NoError(t, err)
		defer func() { _ = os.RemoveAll(dir) }()
		socket := filepath.Join(dir, "s")
		startServer(t, program, "--unixsocket", socket)
		s, err := redisstore.Open("unix://"+socket+"?db=3", redisstore.Prefix("tenant:"))
		require.NoError(t, err)
		require.NoError(t, s.Check(t.Context()))
		publish(t, s, 1)
		client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, DB: 3})
		defer func() { require.NoError(t, client.Close()) }()
		keys, err := client.Keys(t.Context(), "tenant:{*}:t").Result()
		require.NoError(t, err)
		require.NotEmpty(t, keys)
		require.NoError(t, s.Close())
	})
}

// TestD4_AFailOver: the store works again with the new master, which may know less than the old one did.
func TestD4_AFailOver(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		master := startServer(t, program)
		replica := startServer(t, program, "--replicaof", "127.0.0.1 "+master.port())
		sentinel := startSentinel(t, program, master)
		client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: []string{sentinel}, MaxRetries: -1})
		defer func() { require.NoError(t, client.Close()) }()
		shared := redisstore.New(client)
		defer func() { require.NoError(t, shared.Close()) }()
		eventually(t, "the sentinel knows the master", func() bool { return shared.Check(t.Context()) == nil })
		version := publish(t, shared, 1)
		followed := replica.client()
		eventually(t, "the sentinel knows the replica", func() bool {
			info, err := redis.NewSentinelClient(&redis.Options{Addr: sentinel}).Replicas(t.Context(), "main").Result()
			return err == nil && len(info) == 1 && info[0]["flags"] == "slave"
		})
		eventually(t, "the replica has the record", func() bool {
			gen, err := followed.HGet(t.Context(), shared.Key(id), "gen").Result()
			return err == nil && gen == "1"
		})
		master.kill()
		var r store.Reply
		eventually(t, "the replica is the master", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var err error
			r, err = shared.Do(ctx, id, store.Command{Kind: store.Acquire, Owner: "b", Lease: 1_000})
			return err == nil
		})
		require.Equal(t, store.Have, r.Kind)
		require.Equal(t, version, r.Version)
	})
}

// startSentinel starts a program that makes the replica the master soon after that has ended.
func startSentinel(t *testing.T, program string, master *server) (address string) {
	address = freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(file, []byte(
		"port "+port+"\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 "+master.port()+" 1\n"+
			"sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"), 0o600))
	cmd := exec.Command(program, file, "--sentinel")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return address
}
