package sim_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// placeOne starts a client of a configuration that leads to a server, places an order at the production address, and
// says how the client has authenticated.
func placeOne(server *sim.Server, cfg alf.Config, err error) *alf.Client {
	if err != nil {
		fmt.Println(err)
		return nil
	}
	client, err := alf.New(cfg)
	if err != nil {
		fmt.Println(err)
		return nil
	}
	err = Orders{client.HTTPClient(), "https://orders.example.com"}.Place(context.Background(), "tea")
	asked := server.TokenRequests()
	last := asked[len(asked)-1]
	fmt.Println(last.ClientID, last.AuthMethod, last.Status, last.Error, err == nil)
	return client
}

// The configuration of production, as it is: all of its addresses lead to the server.
func ExampleServer_Configure() {
	production := alf.Config{
		TokenURL: "https://login.example.com/oauth2/token", ClientID: "shop", ClientSecret: alf.Secret("made up"),
		AuthStyle: alf.AuthPost, Scopes: []string{"orders.write"},
	}
	server := sim.New(sim.Options{})
	cfg, err := server.Configure(production)
	client := placeOne(server, cfg, err)
	defer client.Close()

	fmt.Println(server.Requests()[0].Host)
	// Output:
	// shop client_secret_post 200  true
	// orders.example.com
}

// A client that signs its assertions. Its key is replaced, which the server has to know.
func ExampleServer_Configure_privateKeyJWT() {
	newKey := func() alf.KeyFunc {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return alf.KeySigner(key, "")
	}
	production := alf.Config{
		Issuer: "https://login.example.com", ClientID: "shop", AuthStyle: alf.AuthPrivateKeyJWT,
		Assertion: alf.Assertion{Key: newKey(), Audience: alf.AudienceIssuer},
	}
	server := sim.New(sim.Options{})
	cfg, err := server.Configure(production)
	placeOne(server, cfg, err).Close()

	cfg.Assertion.Key = newKey()
	placeOne(server, cfg, nil).Close()
	cfg, err = server.Configure(cfg)
	placeOne(server, cfg, err).Close()
	// Output:
	// shop private_key_jwt 200  true
	// shop private_key_jwt 401 invalid_client false
	// shop private_key_jwt 200  true
}

// A client that authenticates by a certificate, which its tokens are bound to.
func ExampleServer_Configure_mutualTLS() {
	server := sim.New(sim.Options{})
	production := alf.Config{
		Issuer: "https://login.example.com", ClientID: "shop", AuthStyle: alf.AuthTLS,
		Certificate: alf.Certificate(server.ClientCertificate("shop")),
	}
	cfg, err := server.Configure(production)
	client := placeOne(server, cfg, err)
	defer client.Close()
	// Output:
	// shop tls_client_auth 200  true
}

// Tokens that are bound to a key, and servers that want their nonces in the proofs: each costs one request more, once.
func ExampleServer_Configure_dPoP() {
	production := alf.Config{
		Issuer: "https://login.example.com", ClientID: "shop", ClientSecret: alf.Secret("made up"), DPoP: &alf.DPoP{},
	}
	server := sim.New(sim.Options{NonceLifetime: time.Minute})
	cfg, err := server.Configure(production)
	client := placeOne(server, cfg, err)
	defer client.Close()

	fmt.Printf("%+v\n%+v\n", server.TokenProofs(), server.APIProofs())
	// Output:
	// shop client_secret_basic 200  true
	// {Accepted:1 Challenged:1 Unavoidable:1}
	// {Accepted:1 Challenged:1 Unavoidable:1}
}

// A process on a platform that vouches for it. In the test, the server stands for the platform as well.
func ExampleServer_WorkloadIdentity() {
	server := sim.New(sim.Options{})
	production := alf.Config{Issuer: "https://login.example.com", ClientID: "shop", AuthStyle: alf.AuthExternalAssertion}
	production.Assertion.Source = server.WorkloadIdentity("system:serviceaccount:shop:orders") // in place of SecretFile
	cfg, err := server.Configure(production)
	client := placeOne(server, cfg, err)
	defer client.Close()
	// Output:
	// shop client_assertion 200  true
}

// An API that introspects tokens (RFC 7662). It authenticates by an access token of its own.
func ExampleServer_IntrospectionURL() {
	server := sim.New(sim.Options{})
	client, _ := alf.New(server.Config())
	defer client.Close()

	token := server.Issue(time.Hour)
	for range 2 {
		var said struct {
			Active bool   `json:"active"`
			Type   string `json:"token_type"`
		}
		resp, err := client.HTTPClient().PostForm(server.IntrospectionURL(), url.Values{"token": {token}})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = json.NewDecoder(resp.Body).Decode(&said)
		resp.Body.Close()
		fmt.Printf("%+v %v\n", said, err)
		server.RevokeToken(token)
	}
	// Output:
	// {Active:true Type:Bearer} <nil>
	// {Active:false Type:} <nil>
}

// What a client may request is part of its registration.
func ExampleServer_Register() {
	server := sim.New(sim.Options{})
	err := server.Register(sim.Registration{ClientID: "shop", Secret: "made up", Scopes: []string{"orders.read"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := server.Configure(alf.Config{ClientID: "shop", ClientSecret: alf.Secret("made up"), Scopes: []string{"orders.write"}})
	placeOne(server, cfg, err).Close()
	// Output:
	// shop client_secret_basic 400 invalid_scope false
}

// Tenants with an authorization server and a way of authenticating each.
func ExampleServer_ConfigurePool() {
	server := sim.New(sim.Options{})
	cfg, err := server.ConfigurePool(alf.PoolConfig{Tenant: func(_ context.Context, name string) (alf.Config, error) {
		config := alf.Config{Issuer: "https://" + name + ".example.com", ClientID: name, ClientSecret: alf.Secret("of " + name)}
		if name == "south" {
			config.AuthStyle = alf.AuthPost
		}
		return config, nil
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := alf.NewPool(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	for _, tenant := range []string{"north", "south"} {
		orders := Orders{pool.Client(alf.Target{Tenant: tenant}).HTTPClient(), "https://orders.example.com"}
		fmt.Println(tenant, orders.Place(context.Background(), "tea"), server.Client(tenant).TokenRequests()[0].AuthMethod)
	}
	// Output:
	// north <nil> client_secret_basic
	// south <nil> client_secret_post
}
