package brokers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/ports"
)

// startRedis starts a Redis that knows the authority's tokens: each is a user of its own, which is deleted when the
// token expires. Redis then ends the connections of that user, as hosted ones do when a token expires.
func startRedis(t *testing.T, authority *Authority) (address string) {
	found, err := ports.Find(1)
	require.NoError(t, err)
	server, err := child.Serve(t.Context(), "Ready to accept connections", "redis-server",
		"--port", fmt.Sprint(found[0]), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, err)
	t.Cleanup(server.Close)
	address = fmt.Sprintf("127.0.0.1:%d", found[0])
	admin := redis.NewClient(&redis.Options{Addr: address})
	t.Cleanup(func() { admin.Close() })
	authority.Issued = func(token Issued) {
		ctx := context.Background()
		if err := admin.Do(ctx, "ACL", "SETUSER", token.Name, "on", ">"+token.Value, "~*", "&*", "+@all").Err(); err != nil {
			t.Errorf("ACL SETUSER: %v", err)
		}
		timer := time.AfterFunc(time.Until(token.Expiry), func() { admin.Do(ctx, "ACL", "DELUSER", token.Name) })
		t.Cleanup(func() { timer.Stop() })
	}
	return address
}

// The connections of a pool outlive their tokens, come to an end in an outage that outlasts them, and come back.
func TestW2_RedisConnectionsOutliveTheirTokens(t *testing.T) {
	lab.Require(t, "Redis", redisMissing())
	t.Parallel()
	authority, client := start(t)
	address := startRedis(t, authority)
	pool := redis.NewClient(&redis.Options{
		Addr: address, PoolSize: 2, MaxRetries: -1,
		StreamingCredentialsProvider: &RedisCredentials{Client: client, User: func(token *alf.Token) string {
			issued, _ := authority.Verify(token.Value())
			return issued.Name
		}},
	})
	defer pool.Close()
	ping := func() error { return pool.Ping(context.Background()).Err() }
	id := func() string {
		info, err := pool.ClientID(context.Background()).Result()
		require.NoError(t, err)
		return fmt.Sprint(info)
	}

	first := id()
	works(t, lifetime+3*time.Second, ping)
	require.Equal(t, first, id(), "it is the same connection")

	authority.SetDown(true)
	soon(t, lifetime+3*time.Second, "the end of the connection", func() bool { return ping() != nil })
	authority.SetDown(false)
	soon(t, 10*time.Second, "another connection", func() bool { return ping() == nil })
	second := id()
	require.NotEqual(t, first, second)
	works(t, lifetime+time.Second, ping)
	who, err := pool.Do(context.Background(), "ACL", "WHOAMI").Text()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(who, "token-"), who)
}
