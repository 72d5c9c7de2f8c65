package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/maypok86/otter/v2"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"

	"github.com/alf-go/alf"
)

// memoryServer is an authorization server without a network, for as many tenants as are asked about.
type memoryServer struct {
	requests atomic.Int64 // for tokens
	takes    time.Duration
	down     atomic.Bool
}

const memoryHost = "https://auth.bench.test"

// RoundTrip responds to requests for metadata and for tokens.
func (s *memoryServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	status, body := http.StatusOK, ""
	if strings.Contains(r.URL.Path, "well-known") {
		issuer := memoryHost + "/" + strings.SplitN(r.URL.Path, "/", 3)[1]
		body = fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, issuer, issuer+"/authorize", issuer+"/token")
	} else {
		n := s.requests.Add(1)
		if s.takes > 0 {
			time.Sleep(s.takes)
		}
		if s.down.Load() {
			status, body = http.StatusServiceUnavailable, `{"error":"temporarily_unavailable"}`
		} else {
			value := fmt.Sprintf("%d-%s", n, strings.Repeat("x", tokenSize))[:tokenSize]
			body = fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600,"scope":"read write"}`, value)
		}
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
	}, nil
}

// tenantCache is what returns the token of a tenant, and what ends it.
type tenantCache struct {
	token func(ctx context.Context, tenant string) (value string, err error)
	close func()
}

// tenantCaches are how programs keep one token for each of many tenants.
var tenantCaches = []struct {
	name string
	make func(s *memoryServer) tenantCache
}{
	{"alf.Pool", poolOfTenants},
	{"MSAL Go, its in-memory cache", msalPartitions},
	{"otter cache of oauth2.TokenSource", otterOfSources},
	{"map of oauth2.Token with singleflight", singleflightMap},
}

func poolOfTenants(s *memoryServer) tenantCache {
	p, err := alf.NewPool(alf.PoolConfig{
		Config: alf.Config{TokenRequest: alf.TokenRequest{Transport: s}},
		Tenant: func(_ context.Context, tenant string) (alf.Config, error) {
			return alf.Config{TokenURL: memoryHost + "/token", ClientID: tenant, ClientSecret: alf.Secret("secret")}, nil
		},
	})
	if err != nil {
		panic(err)
	}
	return tenantCache{
		token: func(ctx context.Context, tenant string) (string, error) {
			t, err := p.Client(alf.Target{Tenant: tenant}).Token(ctx)
			return t.Value(), err
		},
		close: func() { _ = p.Close() },
	}
}

// msalPartitions is one confidential client, whose cache has a partition for each tenant.
func msalPartitions(s *memoryServer) tenantCache {
	secret, err := confidential.NewCredFromSecret("secret")
	if err != nil {
		panic(err)
	}
	client, err := confidential.New(memoryHost+"/common", "bench", secret, confidential.WithHTTPClient(&http.Client{Transport: s}), confidential.WithInstanceDiscovery(false))
	if err != nil {
		panic(err)
	}
	scopes := []string{"read"}
	return tenantCache{
		token: func(ctx context.Context, tenant string) (string, error) {
			if t, err := client.AcquireTokenSilent(ctx, scopes, confidential.WithTenantID(tenant)); err == nil {
				return t.AccessToken, nil
			}
			t, err := client.AcquireTokenByCredential(ctx, scopes, confidential.WithTenantID(tenant))
			return t.AccessToken, err
		},
		close: func() {},
	}
}

// sourceOf is a tenant's token source, as clientcredentials makes it.
func sourceOf(s *memoryServer, tenant string) oauth2.TokenSource {
	cfg := clientcredentials.Config{ClientID: tenant, ClientSecret: "secret", TokenURL: memoryHost + "/token", AuthStyle: oauth2.AuthStyleInHeader}
	return cfg.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: s}))
}

func otterOfSources(s *memoryServer) tenantCache {
	cache := otter.Must(&otter.Options[string, oauth2.TokenSource]{MaximumSize: 100_000})
	load := otter.LoaderFunc[string, oauth2.TokenSource](func(_ context.Context, tenant string) (oauth2.TokenSource, error) {
		return sourceOf(s, tenant), nil
	})
	return tenantCache{
		token: func(ctx context.Context, tenant string) (string, error) {
			source, err := cache.Get(ctx, tenant, load)
			if err != nil {
				return "", err
			}
			t, err := source.Token()
			if err != nil {
				return "", err
			}
			return t.AccessToken, nil
		},
		close: func() { cache.StopAllGoroutines() },
	}
}

// singleflightMap is a map with a lock, and one fetch at a time for each tenant.
func singleflightMap(s *memoryServer) tenantCache {
	var mu sync.RWMutex
	var flights singleflight.Group
	tokens := make(map[string]*oauth2.Token)
	return tenantCache{
		token: func(ctx context.Context, tenant string) (string, error) {
			mu.RLock()
			t := tokens[tenant]
			mu.RUnlock()
			if t.Valid() {
				return t.AccessToken, nil
			}
			fetched, err, _ := flights.Do(tenant, func() (any, error) {
				t, err := sourceOf(s, tenant).Token()
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					tokens[tenant] = t
				}
				return t, err
			})
			if err != nil {
				return "", err
			}
			return fetched.(*oauth2.Token).AccessToken, nil
		},
		close: func() {},
	}
}

// tenantNames are made before anything is measured.
func tenantNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%05d", i)
	}
	return names
}

// keepingMany compares what programs use that need a token for each of many tenants.
func keepingMany(b *bench) section {
	n := b.scaled(5000, 300)
	names := tenantNames(n)
	minutes := b.scaled(10, 2)
	s := section{
		title: "Many tenants, beside other caches",
		text: fmt.Sprintf("%s tenants with a client id and a token of %s bytes each, at one authorization server in memory; MSAL Go has one client id "+
			"and a partition for each tenant. The total is heap, stack and what the Go runtime keeps about both. Hot is 10 more calls for each "+
			"tenant. The outage is in virtual time, so the counts are exact: no tenant has a token, each asks every 5 s, and the endpoint, which takes "+
			"50 ms, responds with 503 for %d minutes.", count(n), count(tokenSize), minutes),
	}
	t := table{heads: []string{"", "total, each", "of it heap", "goroutines", "token requests: cold", "hot", "a hot call", "in the outage, a second", "until all are served"}}
	var perSecond float64
	var hotRequests int64
	for i, c := range tenantCaches {
		b.step(c.name)(i, len(tenantCaches))
		w, goroutines, cold, hot, each := weighTenants(c.make, names)
		rate, recovery := tenantsInOutage(b, c.make, names, time.Duration(minutes)*time.Minute)
		if i == 0 {
			perSecond, hotRequests = rate, hot
		}
		t.row(c.name, size(w.total), size(w.heap), count(goroutines), count(int(cold)), count(int(hot)), duration(each), fmt.Sprintf("%.2f", rate), duration(recovery))
	}
	s.tables = append(s.tables, t)
	s.check(hotRequests == 0, "no token request for a tenant whose token is in hand", count(int(hotRequests)))
	s.check(perSecond <= 1, "at most one token request a second in an outage", fmt.Sprintf("%.2f", perSecond))
	return s
}

// weighTenants has a token fetched for each tenant, and reads each of them again.
func weighTenants(make func(*memoryServer) tenantCache, names []string) (w weight, goroutines int, cold, hot int64, each time.Duration) {
	ctx := context.Background()
	server := new(memoryServer)
	before, already := takeStock(), runtime.NumGoroutine()
	c := make(server)
	defer c.close()
	read := func() {
		for _, name := range names {
			if value, err := c.token(ctx, name); err != nil || len(value) != tokenSize {
				panic(fmt.Sprintf("bench: %s: %d, %v", name, len(value), err))
			}
		}
	}
	read()
	w, goroutines = takeStock().since(before, len(names)), runtime.NumGoroutine()-already
	cold = server.requests.Load()
	const times = 10
	began := time.Now()
	for range times {
		read()
	}
	each = time.Since(began) / time.Duration(times*len(names))
	return w, goroutines, cold, server.requests.Load() - cold, each
}

// tenantsInOutage returns how many token requests a second an outage causes, and how long after it all are served.
func tenantsInOutage(b *bench, make func(*memoryServer) tenantCache, names []string, lasts time.Duration) (perSecond float64, recovery time.Duration) {
	inBubble(b.t, func() struct{} {
		server := &memoryServer{takes: 50 * time.Millisecond}
		server.down.Store(true)
		c := make(server)
		defer c.close()
		round := func() (failed int64) {
			var count atomic.Int64
			var group sync.WaitGroup
			for _, name := range names {
				time.Sleep(5 * time.Second / time.Duration(len(names)))
				group.Go(func() {
					if _, err := c.token(context.Background(), name); err != nil {
						count.Add(1)
					}
				})
			}
			group.Wait()
			return count.Load()
		}
		round() // until the outage is known
		began, before := time.Now(), server.requests.Load()
		for time.Since(began) < lasts {
			round()
		}
		perSecond = float64(server.requests.Load()-before) / time.Since(began).Seconds()
		server.down.Store(false)
		began = time.Now()
		for round() > 0 {
		}
		recovery = time.Since(began)
		return struct{}{}
	})
	return perSecond, recovery
}
