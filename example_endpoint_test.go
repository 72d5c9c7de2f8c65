package alf_test

import (
	"context"
	"fmt"
	"log"

	"github.com/alf-go/alf"
)

// Clients of one token endpoint that share its connections, its metadata, a limit on the token requests in flight, and
// what they learn in an outage.
func ExampleNewTokenEndpoint() {
	tokens, _, closeBoth := exampleServers()
	defer closeBoth()

	endpoint, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: tokens.URL})
	if err != nil {
		log.Fatal(err)
	}
	for _, audience := range []string{"https://stock.example.com", "https://orders.example.com"} {
		client, err := alf.New(alf.Config{
			Endpoint:     endpoint,
			ClientID:     "my-service",
			ClientSecret: alf.Secret("my-secret"),
			Audience:     []string{audience},
		})
		if err != nil {
			log.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Token(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(endpoint.Stats().Clients, "clients share it")
	// Output: 2 clients share it
}
