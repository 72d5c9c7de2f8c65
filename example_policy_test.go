package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// An API that refuses a rejected token with 403 and says so in the body. The body is looked at because a 403 for want
// of a permission would not go away with another token.
func ExampleConfig_rejected() {
	rejected := ""
	server := sim.New(sim.Options{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == rejected {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"code":"TOKEN_REVOKED"}`)
		}
	})})
	config := server.Config()
	config.RejectedBody = true
	config.Rejected = func(resp *http.Response) bool {
		if resp.StatusCode != http.StatusForbidden {
			return resp.StatusCode == http.StatusUnauthorized
		}
		body, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(body), "TOKEN_REVOKED")
	}
	client, err := alf.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	tok, err := client.Token(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	rejected = tok.Authorization()
	resp, err := client.GetContext(context.Background(), server.APIURL())
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, "after", len(server.Requests()), "requests")
	// Output: 200 OK after 2 requests
}

// The token goes to the origins that are listed, and a request to any other one is not sent.
func ExampleConfig_origins() {
	server := sim.New(sim.Options{})
	config := server.Config()
	config.Origins = []string{server.APIURL(), "https://stock.example.com"}
	client, err := alf.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	resp, err := client.GetContext(context.Background(), server.APIURL()+"/items/42")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)

	_, err = client.GetContext(context.Background(), "https://elsewhere.example.com/items/42")
	fmt.Println(errors.Is(err, alf.ErrRefused), err)
	// Output:
	// 200 OK
	// true Get "https://elsewhere.example.com/items/42": alf: request refused, nothing was sent: https://elsewhere.example.com:443 is not among Config.Origins: add it there if it may have the token
}

// A request with headers of its own. Anything but text, bytes, forms and readers is sent as JSON.
func ExampleNewRequest() {
	server := sim.New(sim.Options{})
	client, err := alf.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	item := struct {
		Name string `json:"name"`
	}{"tea"}
	req, err := alf.NewRequest(context.Background(), http.MethodPut, server.APIURL()+"/items/42", item)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("If-Match", `"7"`)
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	echo, _ := io.ReadAll(resp.Body)
	fmt.Println(req.Header.Get("Content-Type"), string(echo))
	// Output: application/json {"name":"tea"}
}

// Tokens that other code obtains, here golang.org/x/oauth2. It is asked each time: cfg.TokenSource would keep its token
// for as long as that has not expired, and return one that was revoked again and again.
func ExampleFetcherFunc() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()
	cfg := clientcredentials.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: "my-secret"}
	client, err := alf.New(alf.Config{Fetcher: alf.FetcherFunc(cfg.Token)})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	get := func() string {
		resp, err := client.GetContext(context.Background(), api.URL)
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.Status
	}
	fmt.Println(get())
	if _, err := cfg.Token(context.Background()); err != nil { // this server revokes a token when it issues another one
		log.Fatal(err)
	}
	fmt.Println(get(), "retry succeeded:", client.Stats().RetrySucceeded)
	// Output:
	// 200 OK
	// 200 OK retry succeeded: 1
}
