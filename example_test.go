package alf_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// exampleServers are an authorization server that issues tokens token-1, token-2 and so on, each replacing the one
// before, and an API that takes the last one.
func exampleServers() (tokens, api *httptest.Server, closeBoth func()) {
	issued := 0
	tokens = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		if id != "my-service" || secret != "my-secret" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client"}`)
			return
		}
		issued++
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, issued)
	}))
	api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", issued) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodGet {
			fmt.Fprint(w, "hello")
			return
		}
		var in struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		fmt.Fprintf(w, `{"greeting":"hello, %s"}`, in.Name)
	}))
	return tokens, api, func() { api.Close(); tokens.Close() }
}

// A client is used like an *http.Client. That its token is revoked in between costs the caller nothing.
func Example() {
	server := sim.New(sim.Options{}) // stands for an authorization server and an API
	client, err := alf.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		resp, err := client.Get(server.APIURL() + "/items/42")
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
		server.Revoke()
	}
	fmt.Println("token requests:", server.Stats().TokenRequests)
	// Output:
	// 200 OK
	// 200 OK
	// token requests: 2
}

func ExampleNew() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()

	client, err := alf.New(alf.Config{
		TokenURL:     tokens.URL,
		ClientID:     "my-service",
		ClientSecret: alf.Secret("my-secret"), // or alf.SecretEnv, alf.SecretFile
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	resp, err := client.Get(api.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, string(body))
	// Output: 200 OK hello
}

// When no token is available, the request is not sent, and the error says why.
func ExampleNew_denied() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("mistyped")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	_, err = client.Get(api.URL)
	var denied *alf.EndpointError
	if errors.As(err, &denied) {
		fmt.Println(denied.Status, denied.Code)
	}
	// Output: 401 invalid_client
}

// For code that takes an *http.Client.
func ExampleClient_HTTPClient() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("my-secret")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	library := struct{ HTTPClient *http.Client }{client.HTTPClient()}
	resp, err := library.HTTPClient.Get(api.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

// For programs with a transport of their own, here one that counts.
func ExampleClient_Transport() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("my-secret")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	sent := 0
	counting := roundTripper(func(req *http.Request) (*http.Response, error) {
		sent++
		return http.DefaultTransport.RoundTrip(req)
	})
	resp, err := (&http.Client{Transport: client.Transport(counting)}).Get(api.URL)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	fmt.Println(resp.Status, "after", sent, "request")
	// Output: 200 OK after 1 request
}

func ExampleClient_JSON() {
	tokens, api, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("my-secret")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	in := struct {
		Name string `json:"name"`
	}{"world"}
	var out struct {
		Greeting string `json:"greeting"`
	}
	err = client.JSON(context.Background(), http.MethodPost, api.URL, in, &out)
	var status *alf.StatusError
	switch {
	case errors.As(err, &status):
		fmt.Println("the API refused:", status.StatusCode)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(out.Greeting)
	// Output: hello, world
}

// For code that takes an oauth2.TokenSource. Do not hand it to oauth2.NewClient, which would cache the token for
// itself.
func ExampleClient_TokenSource() {
	tokens, _, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("my-secret")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	tok, err := client.TokenSource().Token()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Type(), tok.AccessToken)
	// Output: Bearer token-1
}

// For protocols other than HTTP: take a token, and say so when it is refused.
func ExampleClient_Token() {
	tokens, _, closeBoth := exampleServers()
	defer closeBoth()
	client, err := alf.New(alf.Config{TokenURL: tokens.URL, ClientID: "my-service", ClientSecret: alf.Secret("my-secret")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx := context.Background()
	tok, err := client.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok, tok.Value())

	refused := true // by a message broker, say
	if refused {
		if err := client.Invalidate(tok, "broker-1"); err != nil {
			log.Fatal(err)
		}
		if tok, err = client.Token(ctx); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(tok, tok.Value())
	// Output:
	// Token(#1 REDACTED) token-1
	// Token(#2 REDACTED) token-2
}
