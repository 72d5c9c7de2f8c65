package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/maypok86/otter/v2"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"

	"github.com/alf-go/alf"
)

// tenantCache is what returns the token of a tenant, and what ends it.
type tenantCache struct {
	token func(ctx context.Context, tenant string) (value string, err error)
	close func()
}

// tenantCaches are how programs keep one token for each of many tenants.
var tenantCaches = []struct {
	name  string
	start func(s *memoryServer) tenantCache
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
