// Package endurance runs three proxies under load while everything around them is restarted (X1, X3).
package endurance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/sidecar"
)

// endure is how long the load goes on. All incidents happen at least once.
var endure = flag.Duration("endure", 0, "keep three proxies under load for so long, while what is around them is restarted; 0: skip that")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// lifetime is long enough for a token to outlive an outage that begins when it is to be refreshed: it is used to
	// 36 s, and refreshed after 27 s to 30 s.
	lifetime = 40 * time.Second
	outage   = 2 * time.Second
	// between is the time between two incidents.
	between = 1500 * time.Millisecond
)

// fleet is what is under test: proxies that share a store. The first one is never restarted, so that its memory can
// be compared; the others are, in turn, and their callers go to the other of these two meanwhile.
type fleet struct {
	*testing.T
	upstream *sidecar.Upstream
	store    string
	proxies  [3]*sidecar.Process
	sockets  [3]string
	results  *outcomes
	load     context.Context

	revocations, deletions, secrets, restarts int
}

func newFleet(t *testing.T) *fleet {
	dir := t.TempDir()
	binary, err := sidecar.Build(t.Context(), "../..", dir)
	require.NoError(t, err)
	f := &fleet{T: t, results: newOutcomes(), store: filepath.Join(dir, "store")}
	f.upstream, err = sidecar.NewUpstream(t.Context(), dir, lifetime)
	require.NoError(t, err)
	t.Cleanup(f.upstream.Close)
	for i := range f.proxies {
		own := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.Mkdir(own, 0o700))
		p := sidecar.New(binary, own)
		f.proxies[i], f.sockets[i] = p, filepath.Join(own, "s")
		require.NoError(t, p.Write(f.config(i, 0)))
		require.NoError(t, p.Start())
		t.Cleanup(func() { _ = p.Stop() })
	}
	return f
}

// config is the configuration of a proxy. Those with another variant differ in a route that no request goes to.
func (f *fleet) config(i, variant int) sidecar.Config {
	client := f.upstream.Client()
	client["store"] = f.store
	routes := append(f.upstream.Routes(), sidecar.Config{"path": fmt.Sprint("/variant-", variant), "upstream": f.upstream.API.URL()})
	return sidecar.Config{
		"listeners":     []sidecar.Config{{"address": "unix:" + f.sockets[i]}},
		"admin_address": "unix:" + f.proxies[i].Admin,
		"client":        client,
		"routes":        routes,
	}
}

// work sends requests of one kind until stop is closed, to the proxy that is preferred. If that has not taken a
// request, the next one gets it.
func (f *fleet) work(k kind, preferred int, stop <-chan struct{}) {
	var clients [3]*client
	for i := range clients {
		clients[i] = newClient(f.sockets[i])
		defer clients[i].close()
	}
	for {
		select {
		case <-stop:
			return
		case <-time.After(k.pause):
		}
		began := time.Now()
		err := f.send(k, preferred, &clients)
		if errors.Is(err, errUnauthorized) && k.large {
			f.results.add(&f.results.refused)
			err = f.send(k, preferred, &clients)
		}
		f.results.note(k.name, span{began, time.Now()}, err)
	}
}

// limit is how long a request may take. It is far beyond what any of them needs.
const limit = time.Minute

func (f *fleet) send(k kind, preferred int, clients *[3]*client) error {
	ctx, cancel := context.WithTimeout(f.load, limit)
	defer cancel()
	err := k.send(ctx, clients[preferred])
	if errors.Is(err, errElsewhere) && preferred > 0 {
		f.results.add(&f.results.failedOver)
		return k.send(ctx, clients[3-preferred])
	}
	return err
}

// incident is what happens around the proxies.
type incident struct {
	name   string
	happen func(f *fleet) error
}

// pass lets time pass, in which the load goes on. It ends with ctx.
func pass(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

var incidents = []incident{
	{"the tokens are revoked", func(f *fleet) error {
		f.revocations++
		f.upstream.Server.Revoke()
		return nil
	}},
	{"the API restarts", func(f *fleet) error {
		up := f.results.upstreamDown.begin()
		f.upstream.API.Stop()
		pass(f.Context(), 300*time.Millisecond)
		defer up()
		return f.upstream.API.Start(f.Context())
	}},
	{"the authorization server restarts", func(f *fleet) error {
		f.upstream.Authorization.Stop()
		pass(f.Context(), outage)
		return f.upstream.Authorization.Start(f.Context())
	}},
	{"the secret is replaced", func(f *fleet) error {
		f.secrets++
		return f.upstream.SetSecret(fmt.Sprint("secret ", f.secrets))
	}},
	{"an invalid file is read", func(f *fleet) error {
		return f.reload("failed", func(int) sidecar.Config { return sidecar.Config{"routes": "none"} })
	}},
	{"another file is read", func(f *fleet) error {
		f.restarts++
		return f.reload("succeeded", func(i int) sidecar.Config { return f.config(i, f.restarts) })
	}},
	{"the second proxy restarts", func(f *fleet) error { return f.restart(1) }},
	{"the authorization server responds with 503", func(f *fleet) error {
		f.upstream.Server.Unavailable(outage)
		pass(f.Context(), outage)
		return nil
	}},
	{"the store is deleted", func(f *fleet) error {
		f.deletions++
		return os.RemoveAll(f.store)
	}},
	{"the third proxy restarts", func(f *fleet) error { return f.restart(2) }},
}

func (f *fleet) reload(outcome string, config func(i int) sidecar.Config) error {
	for i, p := range f.proxies {
		if err := p.Write(config(i)); err != nil {
			return err
		}
		if err := p.Reload(outcome); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) restart(i int) error {
	if err := f.proxies[i].Stop(); err != nil {
		return err
	}
	return f.proxies[i].Start()
}

// TestX3_NoAvoidableFailureUnderLoad keeps the proxies under load of every kind. No request may fail but those that
// were on their way while the API was down; memory, goroutines and files of the proxy that runs throughout must not
// grow; and the three of them must not ask for more tokens than the incidents account for.
func TestX3_NoAvoidableFailureUnderLoad(t *testing.T) {
	if *endure == 0 {
		t.Skip("-endure says for how long: 20s, or 10m")
	}
	f := newFleet(t)
	load, abort := context.WithCancel(t.Context())
	f.load = load
	stop := make(chan struct{})
	var workers sync.WaitGroup
	defer func() {
		abort()
		workers.Wait()
	}()
	workers.Go(func() { f.results.watchMachine(stop) })
	n := 0
	for _, k := range kinds {
		for range k.workers {
			preferred := n % 3
			n++
			workers.Go(func() { f.work(k, preferred, stop) })
		}
	}
	var use usage
	use.sample(f)
	began := time.Now()
	for i := 0; i < len(incidents) || time.Since(began) < *endure; i++ {
		one := incidents[i%len(incidents)]
		// A revocation in each round would leave no token that is refreshed.
		if i/len(incidents)%3 != 0 && i%len(incidents) == 0 {
			continue
		}
		pass(t.Context(), between)
		require.NoError(t, one.happen(f), one.name)
		use.sample(f)
	}
	pass(t.Context(), between)
	close(stop)
	workers.Wait()
	use.sample(f)
	took := time.Since(began).Round(time.Second)
	t.Logf("%s of load\n%s%s", took, f.results, use.String())
	f.results.mu.Lock()
	defer f.results.mu.Unlock()
	for i, failure := range f.results.avoidable {
		if i == 20 {
			break
		}
		t.Log(failure)
	}
	assert.Zero(t, len(f.results.avoidable), "avoidable failures")
	for _, k := range kinds {
		assert.NotZero(t, f.results.succeeded[k.name], k.name)
	}
	use.assertFlat(t, took)
	f.assertTokens(took)
}

// assertTokens compares the token requests with what the incidents account for.
func (f *fleet) assertTokens(took time.Duration) {
	issued, refused, failed := 0, 0, 0
	for _, r := range f.upstream.Server.TokenRequests() {
		switch {
		case r.Token > 0:
			issued++
		case r.Error != "":
			refused++
		default:
			failed++
		}
	}
	// A token is refreshed after 27 s at the earliest. A proxy that finds the store deleted may ask for a token of
	// its own, and one that restarts finds none there then.
	refreshes := int(took/(27*time.Second)) + 1
	expected := 1 + f.revocations + refreshes + 4*f.deletions
	f.Logf("tokens: %d issued; %d are accounted for at most: 1 at the start, %d for revocations, %d for refreshes, %d for stores deleted",
		issued, expected, f.revocations, refreshes, 4*f.deletions)
	f.Logf("token requests that got none: %d refused, %d failed", refused, failed)
	assert.LessOrEqual(f, issued, expected)
	assert.GreaterOrEqual(f, issued, 1+f.revocations)
	assert.LessOrEqual(f, refused, 3*f.secrets)
}
