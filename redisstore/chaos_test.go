package redisstore_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

var (
	chaosTime = flag.Duration("chaos", chaosDefault, "for how long TestD4_D7_Chaos does harm")
	chaosSeed = flag.Uint64("chaos-seed", 0, "what it draws from; 0: any")
)

// processProgram is what the processes of the chaos are made of.
var processProgram = fleet.Program{Open: func(address string) (store.Store, error) { return redisstore.Open(address) }}

// TestD4_D7_Chaos: processes and the store are harmed in every way while tokens are revoked. The token endpoint works,
// so no API request fails. In the end all processes have the same token again, and the next lifetime costs one token
// request.
func TestD4_D7_Chaos(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		seed := *chaosSeed
		if seed == 0 {
			seed = rand.Uint64N(1_000_000) + 1
		}
		t.Logf("go test -run TestD4_D7_Chaos -chaos %v -chaos-seed %d", *chaosTime, seed)
		c := startChaos(t, program, seed)
		c.run(*chaosTime)
		c.check()
	})
}

// chaos is one run.
type chaos struct {
	t       *testing.T
	seed    uint64
	server  *server
	other   *server // that the first one becomes a replica of
	admin   *redis.Client
	proxy   *proxy
	api     *fleet.Server
	fleet   *fleet.Fleet
	began   time.Time
	ctx     context.Context // ends with the harm
	decks   [2]deck
	revoked time.Time

	mu          sync.Mutex
	done        map[string]int // how often each kind of harm was done
	revocations int
	most        int // token requests that the harm explains
}

// startTokens is how long tokens live during the chaos.
const startTokens = 10 * time.Second

func startChaos(t *testing.T, program string, seed uint64) *chaos {
	c := &chaos{t: t, seed: seed, done: map[string]int{}, server: startServer(t, program), other: startServer(t, program)}
	c.admin = c.server.client(func(o *redis.Options) { o.MaxRetries = 5 })
	c.proxy = startProxy(t, c.server.address)
	var err error
	c.api, err = fleet.NewServer()
	require.NoError(t, err)
	t.Cleanup(c.api.Close)
	c.api.SetLifetime(startTokens)
	c.api.SetLatency(30 * time.Millisecond)
	task := c.api.Task()
	task.Store, task.StoreKey = c.proxy.url(), "the key of the chaos, 32 bytes..."
	task.Every = 100 * time.Millisecond
	c.fleet, err = fleet.Start(t.Context(), "p", chaosProcesses, task)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.fleet.Close()) })
	require.NoError(t, c.fleet.Send())
	eventually(t, "all processes have a token", func() bool { return c.fleet.Agreed(c.api, 0) })
	require.Equal(t, 1, c.api.Requests())
	c.most = 1
	return c
}

// run does harm for a while: to the store, and beside that to processes.
func (c *chaos) run(d time.Duration) {
	ctx, cancel := context.WithTimeout(c.t.Context(), d)
	defer cancel()
	c.ctx, c.began = ctx, time.Now()
	c.decks = [2]deck{newDeck(c.seed, 1, c.storeHarm()), newDeck(c.seed, 2, c.processHarm())}
	var running sync.WaitGroup
	for i := range c.decks {
		d := &c.decks[i]
		running.Go(func() {
			for ctx.Err() == nil {
				h := d.draw()
				c.count(h.name)
				if err := h.do(d.rng); err != nil {
					c.t.Errorf("%s: %v", h.name, err)
					return
				}
				pause(ctx, between(d.rng, 50*time.Millisecond, 400*time.Millisecond))
			}
		})
	}
	running.Wait()
	// Tokens that ended meanwhile were replaced, no sooner than after half of their effective lifetime (M4).
	c.most += int(time.Since(c.began)/(startTokens*9/10/2)) + 1
}

func (c *chaos) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[name]++
}

// check is what has to be so in the end.
func (c *chaos) check() {
	t := c.t
	c.mu.Lock()
	t.Logf("done: %v", c.done)
	c.mu.Unlock()
	ended := time.Now()
	c.agree("all processes have the same token after the chaos", 0)
	t.Logf("all processes have the same token after %v", time.Since(ended).Round(time.Millisecond))
	_, err := c.fleet.Count(t.Context()) // all failures until now are known when the counts are
	require.NoError(t, err)
	failures := len(c.fleet.Failures())
	requests := c.api.Requests()
	t.Logf("%d token requests, the harm explains %d", requests, c.most)
	require.LessOrEqual(t, requests, c.most)

	c.nextLifetime()

	counts, err := c.fleet.Count(t.Context())
	require.NoError(t, err)
	t.Logf("the processes that live: %+v; %d API requests were served", counts, c.api.Served())
	for i, f := range c.fleet.Failures() {
		if i < failures && c.api.Excused(f.Request) {
			t.Logf("its second token was revoked as well: %v", f)
			continue
		}
		t.Errorf("an API request failed: %v", f)
	}
	if *chaosTime >= 30*time.Second {
		for _, d := range c.decks {
			for _, h := range d.all {
				require.Positive(t, c.done[h.name], "%s was never done", h.name)
			}
		}
	}
}

// nextLifetime: a revocation and the end of the token that follows cost one token request each. On a machine that is so
// busy that the store takes longer than it may, processes fetch alone; then it is seen once more.
func (c *chaos) nextLifetime() {
	for attempt := 1; ; attempt++ {
		failed := c.storeErrors()
		c.api.SetLifetime(4 * time.Second)
		before, issued := c.api.Requests(), c.api.Issued()
		c.canRevoke()
		c.revoke()
		c.agree("all processes have a new token", issued)
		first := c.api.Requests() - before
		c.api.SetLifetime(time.Hour)
		c.agree("all processes have its successor", issued+1)
		both := c.api.Requests() - before
		if failed = c.storeErrors() - failed; failed > 0 && attempt < 10 {
			c.t.Logf("%d and %d token requests, but the store took too long %d times: once more", first, both-first, failed)
			continue
		}
		require.Equal(c.t, 1, first, "one token request after a revocation")
		require.Equal(c.t, 2, both, "one token request for the next lifetime")
		return
	}
}

// storeErrors is how often the store did not work for the processes that live.
func (c *chaos) storeErrors() int {
	counts, err := c.fleet.Count(c.t.Context())
	require.NoError(c.t, err)
	return int(counts.Errors)
}

// agree waits until all processes are served with the same token, issued after the n-th.
func (c *chaos) agree(what string, n int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 15*time.Second)
	defer cancel()
	if err := fleet.Until(ctx, what, func() bool { return c.fleet.Agreed(c.api, n) }); err != nil {
		require.NoError(c.t, err, "the processes were served last with tokens %v; %s", c.api.Latest(), c.fleet.Summary())
	}
}

// revoke revokes all tokens.
func (c *chaos) revoke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoked = time.Now()
	c.revocations++
	c.most++
	c.api.Revoke()
}

// deck draws harm of all kinds, in a random order again and again.
type deck struct {
	rng  *rand.Rand
	all  []harm
	left []harm
}

// harm is one kind of it. It is over, and undone, when do returns.
type harm struct {
	name string
	do   func(rng *rand.Rand) error
}

func newDeck(seed, which uint64, all []harm) deck {
	return deck{rng: rand.New(rand.NewPCG(seed, which)), all: all}
}

func (d *deck) draw() harm {
	if len(d.left) == 0 {
		d.left = append(d.left, d.all...)
		d.rng.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	h := d.left[0]
	d.left = d.left[1:]
	return h
}

func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}
