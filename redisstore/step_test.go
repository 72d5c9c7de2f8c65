package redisstore_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

const id = store.ID("0123456789abcdef0123456789abcdef")

// TestD11_TheScriptDecidesAsStepDoes: any sequence of commands has the same replies, the same data and the same
// messages.
func TestD11_TheScriptDecidesAsStepDoes(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		s := startServer(t, program)
		for _, protocol := range []int{2, 3} {
			client := s.client(func(o *redis.Options) { o.Protocol = protocol })
			for seed := range uint64(sequences) {
				t.Run(fmt.Sprintf("RESP%d/%d", protocol, seed), func(t *testing.T) { compare(t, client, seed+uint64(protocol)*1_000) })
			}
		}
	})
	t.Run("miniredis", func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		defer func() { _ = client.Close() }()
		for seed := range uint64(sequences / 4) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { compare(t, client, seed) })
		}
	})
}

const (
	commands = 250
	tenYears = 3650 * 24 * 3_600_000
)

func compare(t *testing.T, client *redis.Client, seed uint64) {
	ctx := t.Context()
	s := redisstore.NewClocked(client)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, client.FlushAll(ctx).Err())
	subscription := client.Subscribe(ctx, s.Channel(id))
	defer func() { _ = subscription.Close() }()
	_, err := subscription.Receive(ctx)
	require.NoError(t, err)

	p := newParty(seed)
	var state store.State
	for range commands {
		p.pass()
		if p.chance(0.005) {
			require.NoError(t, client.FlushAll(ctx).Err())
			state = store.State{}
		}
		c := p.next()
		want, wantErr := store.Step(state, p.now, c)
		got, gotErr := s.DoAt(ctx, p.now, id, c)
		about := fmt.Sprintf("%+v at %d", c, p.now)
		if wantErr != nil {
			require.Equal(t, fieldOf(t, wantErr), fieldOf(t, gotErr), about)
			continue
		}
		require.NoError(t, gotErr, about)
		require.Equal(t, want.Reply, got, about)
		state = want.State
		if want.Change != store.Unchanged {
			fields, err := client.HGetAll(ctx, s.Key(id)).Result()
			require.NoError(t, err)
			require.Equal(t, hashOf(&state), fields, about)
			ttl, err := client.PTTL(ctx, s.Key(id)).Result()
			require.NoError(t, err)
			keep := min(int64(state.Keep()-state.Last), tenYears)
			require.GreaterOrEqual(t, ttl.Milliseconds(), keep-10_000, "it is kept as long as it has to be")
		}
		now := max(p.now, state.Last)
		if want.Change == store.Pushed {
			message, err := subscription.ReceiveMessage(ctx)
			require.NoError(t, err)
			push, ok := redisstore.ParsePush(message.Payload)
			require.True(t, ok)
			require.Equal(t, state.Push(now), push, about)
		}
		push, ok, err := s.Look(ctx, p.now, id)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, state.Push(now), push)
		p.learn(c, got)
	}
	// No more was published.
	require.NoError(t, client.Publish(ctx, s.Channel(id), "last").Err())
	message, err := subscription.ReceiveMessage(ctx)
	require.NoError(t, err)
	require.Equal(t, "last", message.Payload)
}

func fieldOf(t *testing.T, err error) string {
	var field *store.FieldError
	require.ErrorAs(t, err, &field)
	return field.Field
}

// hashOf is a state as the script writes it.
func hashOf(s *store.State) map[string]string {
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	flag := map[bool]string{true: "1", false: "0"}
	r, l, h := &s.Record, &s.Lease, &s.Hold
	contested, guards := "", ""
	for _, d := range s.Contested {
		contested += string(d)
	}
	for _, g := range s.Guards {
		suspect := g.Suspect
		if suspect == "" {
			suspect = "-"
		}
		guards += fmt.Sprintf(
			"%s %d %s %s %s %s %d %s %d %d %d\n%s", g.Origin, g.Last, flag[g.Awaited], flag[g.Trial], flag[g.Reports], suspect, g.Since,
			flag[g.On], g.Whole, g.Level, len(g.Note), g.Note,
		)
	}
	fields := map[string]string{
		"alf": "1", "epoch": text(s.Epoch), "last": text(int64(s.Last)), "fence": text(s.Fence), "granted": text(int64(s.Granted)),
		"replaced": text(int64(s.Replaced)), "gen": text(r.Gen), "expires": text(int64(r.Expires)), "published": text(int64(r.Published)),
		"lease_since": text(int64(l.Since)), "lease_until": text(int64(l.Until)), "hold_fence": text(h.Fence),
		"hold_until": text(int64(h.Until)), "hold_class": text(int64(h.Class)), "hold_behind": flag[h.Behind],
		"hold_failures": text(h.Failures), "digest": string(r.Digest), "lease_owner": l.Owner, "trouble": s.Trouble,
		"hold_note": string(h.Note), "contested": contested, "guards": guards,
	}
	if r.Gen > 0 {
		fields["sealed"] = string(r.Sealed)
	}
	return fields
}

// TestD3_DataThatIsNotOursCountsAsMissing: whatever is at the place, a client goes on as if nothing was.
func TestD3_DataThatIsNotOursCountsAsMissing(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		s := startServer(t, program)
		client := s.client()
		shared := redisstore.New(client)
		defer func() { require.NoError(t, shared.Close()) }()
		key := shared.Key(id)
		ctx := context.Background()
		damages := map[string]func(){
			"text":            func() { s.do(client, "DEL", key); s.do(client, "SET", key, "another program's") },
			"list":            func() { s.do(client, "DEL", key); s.do(client, "RPUSH", key, "a") },
			"another version": func() { s.do(client, "HSET", key, "alf", "2") },
			"a field less":    func() { s.do(client, "HDEL", key, "hold_note") },
			"no record":       func() { s.do(client, "HDEL", key, "sealed") },
		}
		for field, values := range map[string][]string{
			"epoch": {"", "0", "-1", "1e3", "0x10", " 1", "9007199254740993", "nonsense"}, "last": {"0"}, "fence": {"0"},
			"granted": {"9000000000000"}, "gen": {"2", "0"}, "digest": {"", "short"}, "expires": {"0"}, "published": {"9000000000000"},
			"lease_owner": {"with space", ""}, "lease_until": {"9000000000000"}, "hold_until": {"9000000000000"}, "hold_class": {"3", "1"},
			"hold_behind": {"2"}, "hold_failures": {"1001"}, "contested": {"0"}, "trouble": {"/"},
			"guards": {"nonsense", "00000000000000000000000000000001 1 0 0 0 - 0 0 0 9 0\n", "00000000000000000000000000000001 1 0 0 0 - 0 0 0 0 9\nshort"},
		} {
			for _, value := range values {
				damages[fmt.Sprintf("%s=%.8s", field, value)] = func() { s.do(client, "HSET", key, field, value) }
			}
		}
		for name, damage := range damages {
			t.Run(name, func(t *testing.T) {
				require.NoError(t, client.Del(ctx, key).Err())
				r, err := shared.Do(ctx, id, store.Command{Kind: store.Acquire, Owner: "a", Lease: 5_000})
				require.NoError(t, err)
				_, err = shared.Do(ctx, id, store.Command{
					Kind: store.Publish, Owner: "a", Grant: r.Grant, Digest: digest(1), Expires: r.Now + 60_000, Sealed: []byte("sealed"),
				})
				require.NoError(t, err)
				r, err = shared.Do(ctx, id, store.Command{Kind: store.Acquire, Owner: "b", Lease: 5_000})
				require.NoError(t, err)
				require.Equal(t, store.Have, r.Kind)
				before := r.Version
				if name == "lease_owner=" { // a lease without an owner
					s.do(client, "HSET", key, "lease_until", "1")
				}
				damage()
				r, err = shared.Do(ctx, id, store.Command{Kind: store.Acquire, Owner: "b", Lease: 5_000, Seen: before})
				require.NoError(t, err)
				require.Equal(t, store.Fetch, r.Kind)
				require.True(t, before.Less(r.Grant), "a new epoch: no process goes back")
				require.Equal(t, "hash", s.do(client, "TYPE", key))
			})
		}
	})
}
