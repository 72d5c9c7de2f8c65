package alf_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// One client id, and a token for each API.
func ExampleNewPool() {
	server := sim.New(sim.Options{})
	pool, err := alf.NewPool(alf.PoolConfig{Config: server.Config()})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	stock := pool.Client(alf.Target{Audience: []string{"https://stock.example.com"}})
	orders := pool.Client(alf.Target{Audience: []string{"https://orders.example.com"}})
	for _, client := range []*alf.Client{stock, orders, stock} {
		resp, err := client.Get(server.APIURL())
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
	}
	fmt.Println(pool.Stats().Tokens, "tokens,", server.Stats().TokenRequests, "token requests")
	// Output: 2 tokens, 2 token requests
}

// Each tenant has a configuration of its own. It is read before each fetch of a token.
func ExamplePoolConfig_tenant() {
	server := sim.New(sim.Options{})
	secrets := map[string]string{"acme": "a secret", "globex": "another one"} // mostly a database
	pool, err := alf.NewPool(alf.PoolConfig{
		Config: alf.Config{HTTPClient: &http.Client{Transport: server.RoundTripper()}, TokenRequest: alf.TokenRequest{Transport: server.RoundTripper()}},
		Tenant: func(_ context.Context, name string) (alf.Config, error) {
			secret, ok := secrets[name]
			if !ok {
				return alf.Config{}, fmt.Errorf("there is no tenant %q", name)
			}
			return alf.Config{TokenURL: server.TokenURL(), ClientID: name, ClientSecret: alf.Secret(secret)}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	for _, name := range []string{"acme", "globex", "initech"} {
		resp, err := pool.Client(alf.Target{Tenant: name}).Get(server.APIURL())
		if err != nil {
			fmt.Println(name, "has no token")
			continue
		}
		resp.Body.Close()
		fmt.Println(name, resp.Status)
	}
	// Output:
	// acme 200 OK
	// globex 200 OK
	// initech has no token
}

// Code that takes one *http.Client, such as an SDK: the context of each request says which token it gets.
func ExamplePool_HTTPClient() {
	server := sim.New(sim.Options{})
	pool, err := alf.NewPool(alf.PoolConfig{Config: server.Config()})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	sdk := pool.HTTPClient()

	read := alf.PrepareTarget(alf.Target{Scopes: []string{"stock:read"}}) // once
	ctx := alf.WithPreparedTarget(context.Background(), read)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.APIURL(), nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := sdk.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status, "with scope", server.TokenRequests()[0].Form.Get("scope"))
	// Output: 200 OK with scope stock:read
}

// Requests to an origin get the token of that origin's target, and requests to any other origin are not sent.
func ExamplePoolConfig_origins() {
	server := sim.New(sim.Options{})
	pool, err := alf.NewPool(alf.PoolConfig{
		Config: server.Config(),
		Origins: map[string]alf.Target{
			"https://stock.example.com":  {Audience: []string{"stock"}},
			"https://orders.example.com": {Audience: []string{"orders"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for _, address := range []string{"https://stock.example.com/items", "https://elsewhere.example.com/"} {
		resp, err := pool.HTTPClient().Get(address)
		if err != nil {
			fmt.Println("not sent:", address)
			continue
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 200 OK
	// not sent: https://elsewhere.example.com/
}
