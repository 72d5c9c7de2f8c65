package proxy_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// world is everything in one bubble: callers, the proxy, its upstreams, the authorization server, and what goes wrong.
type world struct {
	parameters
	seed      uint64
	begun     time.Time
	jitter    func() float64
	network   *network
	server    *sim.Server
	record    *record
	upstreams *upstreams
	troubles  windows
	places    []place
	over      chan struct{} // closed when no further request is to begin
	callers   sync.WaitGroup

	mu        sync.Mutex
	proxy     *proxy.Proxy
	config    proxy.Config
	versions  int // of pools
	spans     map[string][2]time.Time
	coverage  map[string]int
	requests  int
	failures  map[string]int
	violation string
	most      []int // goroutines, by the hour
	memory    memory
	underWay  atomic.Int64 // requests of callers
	issued    atomic.Int64 // tokens, by forgetful
}

// result is what is left of a world.
type result struct {
	violation     string
	requests      int
	tokenRequests int
	coverage      map[string]int
	failures      map[string]int
	goroutines    []int
	memory        memory
}

// run lets a world happen. The bubble does not end before every goroutine has.
func run(t *testing.T, seed uint64, p parameters) (r result) {
	synctest.Test(t, func(*testing.T) {
		w := &world{
			parameters: p, seed: seed, begun: time.Now(), network: newNetwork(), record: newRecord(), places: places(), over: make(chan struct{}),
			coverage: make(map[string]int), failures: make(map[string]int), spans: make(map[string][2]time.Time),
		}
		w.jitter = locked(w.random(2).Float64)
		w.server = sim.New(sim.Options{Lifetime: p.lifetime, Latency: p.latency, APILatency: 5 * time.Millisecond, CheckAudience: true, API: http.HandlerFunc(api)})
		w.upstreams = &upstreams{world: w, next: w.server.RoundTripper(), sent: make(map[string]*arrivals)}
		w.live()
		r = result{w.violation, w.requests, w.record.count(), w.coverage, w.failures, w.most, w.memory}
	})
	return r
}

// locked lets goroutines share a source.
func locked(source func() float64) func() float64 {
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return source()
	}
}

func (w *world) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

// live is the course of a world.
func (w *world) live() {
	w.configureClient(0)
	w.configureClient(1)
	w.begin()
	stop := w.start()
	end := w.begun.Add(w.duration)
	for i, c := range w.everyCaller() {
		r := w.random(uint64(100 + i))
		w.callers.Go(func() { c.live(w, r) })
	}
	for _, e := range w.script() {
		if time.Sleep(time.Until(e.at)); w.broken() {
			end = time.Now()
			break
		}
		if e.restart {
			stop = w.restart(stop)
			continue
		}
		e.do()
	}
	time.Sleep(time.Until(end))
	close(w.over)
	w.callers.Wait()
	stop()
	w.checkTokenRequests()
	w.server.Close()
}

// configureClient makes the configuration of a client, which is a pool of its own.
func (w *world) configureClient(client int) {
	w.versions++
	name := fmt.Sprintf("client %d, version %d", client, w.versions)
	now := time.Now()
	w.mu.Lock()
	w.spans[name] = [2]time.Time{now}
	w.mu.Unlock()
	cfg := w.server.Config()
	cfg.ClientID = fmt.Sprintf("client-%d", client)
	cfg.ClientSecret = alf.Secret("a secret of " + cfg.ClientID)
	cfg.Rand = w.jitter
	cfg.HTTPClient = &http.Client{Transport: w.upstreams}
	cfg.TokenRequest.Transport = wire{w.record, name, w.endpoint(), func(string) {}}
	made := proxy.Client{Name: []string{"", "tenant"}[client], Key: name, Config: cfg}
	if client < len(w.config.Clients) {
		w.config.Clients = slices.Clone(w.config.Clients)
		w.config.Clients[client] = made
		return
	}
	w.config.Clients = append(w.config.Clients, made)
}

// begin makes the first configuration.
func (w *world) begin() {
	secret := func() ([]byte, error) { return []byte(callerSecret), nil }
	w.config.Listeners = []proxy.Listener{{Address: open, Open: w.network.open(open)}, {Address: keyed, Open: w.network.open(keyed), CallerSecret: secret}}
	for i := range w.places {
		w.config.Routes = append(w.config.Routes, w.places[i].route())
	}
	w.config.DrainTime, w.config.UpgradeDrainTime = drainTime, time.Second
	w.config.Log = slog.New(slog.DiscardHandler)
}

const drainTime = 30 * time.Second

// start starts the proxy. stop drains it, and returns when it has ended.
func (w *world) start() (stop func()) {
	p, err := proxy.New(w.config)
	if err != nil {
		w.fail("X3", "the proxy does not start: %v", err)
		return func() {}
	}
	w.mu.Lock()
	w.proxy = p
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return func() {
		began := time.Now()
		w.troubles.add(proxyDraining, "", began, drainTime+2*time.Second)
		cancel()
		if err := <-ended; err != nil {
			w.fail("X3", "the proxy failed: %v", err)
		}
		if took := time.Since(began); took > drainTime+2*time.Second {
			w.fail("X3", "draining took %v", took)
		}
		for _, name := range w.poolNames() {
			w.close(name)
		}
	}
}

func (w *world) poolNames() (names []string) {
	for _, c := range w.config.Clients {
		names = append(names, c.Key)
	}
	return names
}

// close notes the end of a pool.
func (w *world) close(pool string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spans[pool] = [2]time.Time{w.spans[pool][0], time.Now()}
}

// fail records the first rule that is broken.
func (w *world) fail(rule, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.violation == "" {
		w.violation = fmt.Sprintf("%s is broken in the world of seed %d after %v: %s", rule, w.seed, time.Since(w.begun), fmt.Sprintf(format, args...))
	}
}

func (w *world) broken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.violation != ""
}

// cover notes that something rare has happened.
func (w *world) cover(event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.coverage[event]++
}

func (w *world) placeOf(host string) *place {
	for i := range w.places {
		if w.places[i].host == host {
			return &w.places[i]
		}
	}
	return nil
}

// missing are the events of a list that never occurred.
func missing(coverage map[string]int, list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(m string) bool { return coverage[m] > 0 })
}

func addAll(sum, more map[string]int) {
	for name, n := range maps.All(more) {
		sum[name] += n
	}
}
