package alf_test

import (
	"context"
	"net/http"

	"github.com/alf-go/alf"
)

// What README and docs/many-tokens.md show of pools.
var _ = []any{manyTokens, audiences, tenantsOfDatabase, oneHTTPClient, tableOfOrigins}

type loaded struct{ TokenURL, ID, Secret string }

type loader interface {
	Load(ctx context.Context, name string) (loaded, error)
}

type library interface{ List(ctx context.Context) }

var vendor struct{ New func(*http.Client) library }

func manyTokens(ctx context.Context, tenants loader, address string) error {
	pool, err := alf.NewPool(alf.PoolConfig{
		Tenant: func(ctx context.Context, name string) (alf.Config, error) { // called before each fetch
			t, err := tenants.Load(ctx, name)
			return alf.Config{TokenURL: t.TokenURL, ClientID: t.ID, ClientSecret: alf.Secret(t.Secret)}, err
		},
	})
	if err != nil {
		return err
	}
	defer pool.Close()

	tenant := pool.Client(alf.Target{Tenant: "t42"}) // an *alf.Client
	resp, err := tenant.GetContext(ctx, address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return nil
}

func audiences(ctx context.Context, cfg alf.Config) (*http.Response, error) {
	pool, err := alf.NewPool(alf.PoolConfig{Config: cfg}) // the same Config as for alf.New
	if err != nil {
		return nil, err
	}
	stock := pool.Client(alf.Target{Audience: []string{"https://stock.example.com"}})
	return stock.GetContext(ctx, "https://stock.example.com/items/42")
}

func tenantsOfDatabase(ctx context.Context, database loader) (*alf.Pool, error) {
	return alf.NewPool(alf.PoolConfig{
		Config: alf.Config{AllowHTTP: []string{"stock.internal"}}, // what all tenants have in common
		Tenant: func(ctx context.Context, name string) (alf.Config, error) {
			t, err := database.Load(ctx, name)
			if err != nil {
				return alf.Config{}, err
			}
			return alf.Config{TokenURL: t.TokenURL, ClientID: t.ID, ClientSecret: alf.Secret(t.Secret)}, nil
		},
	})
}

func oneHTTPClient(ctx context.Context, pool *alf.Pool) {
	sdk := vendor.New(pool.HTTPClient()) // for code that takes one *http.Client
	sdk.List(alf.WithTarget(ctx, alf.Target{Tenant: "t42"}))
}

func tableOfOrigins(cfg alf.Config) (*alf.Pool, error) {
	return alf.NewPool(alf.PoolConfig{Config: cfg, Origins: map[string]alf.Target{
		"https://stock.example.com":  {Audience: []string{"stock"}},
		"https://orders.example.com": {Audience: []string{"orders"}},
	}})
}
