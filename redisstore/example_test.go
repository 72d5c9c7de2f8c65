package redisstore_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/redisstore"
)

// A program uses the client of Redis that it has anyway.
func Example() {
	client := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	defer func() { _ = client.Close() }()
	shared := redisstore.New(client)
	defer func() { _ = shared.Close() }()

	api, err := alf.New(alf.Config{
		TokenURL: "https://auth.example.com/token", ClientID: "orders", ClientSecret: alf.SecretFile("/run/secrets/orders"),
		Store: shared, StoreKey: alf.StoreKey("32 random bytes that all processes have"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = api.Close() }()
	// Output:
}

// A server that does not work yet is no reason to end: clients work without it, and share when it is there.
func ExampleStore_Check() {
	shared, err := redisstore.Open("redis://127.0.0.1:1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = shared.Close() }()
	if err := shared.Check(context.Background()); err != nil {
		fmt.Println("going on without a store")
	}
	// Output: going on without a store
}
