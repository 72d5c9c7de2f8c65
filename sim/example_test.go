package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// A service is tested through the expiry of its token, with a clock that moves on command. Orders takes an
// *http.Client and knows nothing of tokens.
func Example() {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk, Lifetime: time.Hour})
	client, _ := alf.New(server.Config())
	defer client.Close()
	orders := Orders{client.HTTPClient(), server.APIURL()}

	fmt.Println(orders.Place(context.Background(), "tea"))
	clk.Add(3 * time.Hour) // no token lives that long
	fmt.Println(orders.Place(context.Background(), "more tea"))
	fmt.Println("refused by the API:", server.Stats().Unauthorized)
	// Output:
	// <nil>
	// <nil>
	// refused by the API: 0
}

// A token is revoked while a hundred goroutines use it.
func ExampleServer_Revoke() {
	server := sim.New(sim.Options{})
	client, _ := alf.New(server.Config())
	defer client.Close()
	orders := Orders{client.HTTPClient(), server.APIURL()}
	_ = orders.Place(context.Background(), "tea")

	server.Revoke()
	var failed atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if orders.Place(context.Background(), "tea") != nil {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	fmt.Println("failed:", failed.Load())
	fmt.Println("token requests for it:", server.Stats().TokenRequests-1)
	// Output:
	// failed: 0
	// token requests for it: 1
}

// A test in real time revokes tokens one after another. Without Generous, the second request would wait for a second,
// as in production.
func ExampleOptions_generous() {
	server := sim.New(sim.Options{Generous: true})
	client, err := alf.New(server.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	orders := Orders{client.HTTPClient(), server.APIURL()}

	start, failed := time.Now(), 0
	for range 20 {
		server.Revoke()
		if orders.Place(context.Background(), "tea") != nil {
			failed++
		}
	}
	fmt.Println("failed:", failed)
	fmt.Println("token requests:", server.Stats().TokenRequests)
	fmt.Println("within a few seconds:", time.Since(start) < 10*time.Second)
	// Output:
	// failed: 0
	// token requests: 20
	// within a few seconds: true
}

// An outage that the token outlives: no caller notices.
func ExampleServer_GoDown() {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk, Lifetime: time.Hour})
	client, _ := alf.New(server.Config())
	defer client.Close()
	orders := Orders{client.HTTPClient(), server.APIURL()}
	_ = orders.Place(context.Background(), "tea")

	server.GoDown(50 * time.Minute) // the token would have been refreshed after 45
	failed := 0
	for range 70 {
		clk.Add(time.Minute)
		if orders.Place(context.Background(), "tea") != nil {
			failed++
		}
	}
	fmt.Println("failed:", failed)
	// Output:
	// failed: 0
}

// An outage that outlives the token: orders are refused with the reason, unsent, and taken again when it is over.
func ExampleServer_Up() {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk, Lifetime: time.Hour})
	config := server.Config()
	config.Policy.Attempts = 1 // or someone else would have to move the clock between them
	client, _ := alf.New(config)
	defer client.Close()
	orders := Orders{client.HTTPClient(), server.APIURL()}
	_ = orders.Place(context.Background(), "tea")

	server.GoDown(0)
	clk.Add(2 * time.Hour)
	err := orders.Place(context.Background(), "tea")
	var noToken *alf.TokenError
	fmt.Println("for want of a token:", errors.As(err, &noToken))
	fmt.Println("sent:", server.Stats().Requests-1)

	server.Up()
	clk.Add(time.Minute)
	fmt.Println(orders.Place(context.Background(), "tea"))
	// Output:
	// for want of a token: true
	// sent: 0
	// <nil>
}

// The token endpoint sends an unusual response, and what became of it is looked up.
func ExampleServer_RespondOnce() {
	server := sim.New(sim.Options{})
	client, _ := alf.New(server.Config())
	defer client.Close()

	server.RespondOnce(http.StatusTooManyRequests, http.Header{"Retry-After": {"30"}}, "")
	_, err := client.Get(server.APIURL())
	var refused *alf.EndpointError
	fmt.Println(errors.As(err, &refused), refused.Status, refused.RetryAfter())
	for _, asked := range server.TokenRequests() {
		fmt.Println(asked.Form.Get("grant_type"), asked.AuthMethod, asked.Status)
	}
	// Output:
	// true 429 30s
	// client_credentials client_secret_basic 429
}

// The server in an httptest.Server, or in any other place for handlers.
func ExampleServer_ConfigAt() {
	server := sim.New(sim.Options{})
	mounted := httptest.NewServer(server)
	defer mounted.Close()
	client, _ := alf.New(server.ConfigAt(mounted.URL))
	defer client.Close()

	resp, err := client.Get(mounted.URL + "/orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	// Output:
	// 200
}

// A pool has a token for each tenant. The token endpoint asks one of them for a pause: the others do not notice, and
// that one's token is not requested again and again.
func ExampleServer_Client() {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk})
	for _, tenant := range []string{"north", "south", "west"} {
		server.AddClient(tenant, "secret of "+tenant)
	}
	pool, _ := alf.NewPool(server.PoolConfig())
	defer pool.Close()

	server.Client("south").Hold(10 * time.Minute)
	place := func(tenant string) bool {
		orders := Orders{pool.Client(alf.Target{Tenant: tenant}).HTTPClient(), server.APIURL()}
		return orders.Place(context.Background(), "tea") == nil
	}
	for range 3 {
		fmt.Println("north", place("north"), "south", place("south"), "west", place("west"))
		clk.Add(5 * time.Minute)
	}
	fmt.Println("token requests of south:")
	for _, asked := range server.Client("south").TokenRequests() {
		fmt.Println(asked.At.Sub(time.Unix(0, 0)), asked.Status)
	}
	// Output:
	// north true south false west true
	// north true south false west true
	// north true south true west true
	// token requests of south:
	// 0s 429
	// 10m0s 200
}

// One client has a token for each audience, and the API takes no token that is for another one.
func ExampleServer_Audience() {
	server := sim.New(sim.Options{CheckAudience: true})
	pool, _ := alf.NewPool(alf.PoolConfig{Config: server.Config(), Origins: map[string]alf.Target{
		"https://stock.example.com":  {Audience: []string{"https://stock.example.com"}},
		"https://orders.example.com": {Audience: []string{"https://orders.example.com"}},
	}})
	defer pool.Close()

	for _, host := range []string{"stock", "orders", "stock"} {
		resp, err := pool.HTTPClient().Get("https://" + host + ".example.com/items")
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
	}
	for _, sent := range server.Requests() {
		fmt.Println(sent.Host, sent.Status, "token", sent.Token)
	}
	fmt.Println("token requests for stock:", len(server.Audience("https://stock.example.com").TokenRequests()))
	// Output:
	// stock.example.com 200 token 1
	// orders.example.com 200 token 2
	// stock.example.com 200 token 1
	// token requests for stock: 1
}
