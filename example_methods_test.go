package alf_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"github.com/alf-go/alf"
)

// A client that signs an assertion with its private key, at an authorization server whose metadata name its token
// endpoint. The key is read at every fetch, so that it can be replaced while the program runs.
func ExampleNew_privateKeyJWT() {
	client, err := alf.New(alf.Config{
		Issuer:    "https://idp.example.com/realms/shop",
		ClientID:  "orders",
		AuthStyle: alf.AuthPrivateKeyJWT,
		Assertion: alf.Assertion{Key: alf.KeyFile("/run/secrets/orders.jwk")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	// client.Get(...) and so on.

	// Output:
}

// A key that stays where it is, in an HSM or a key management service: anything that is a crypto.Signer.
func ExampleKeySigner() {
	hsm, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // stands for one
	client, err := alf.New(alf.Config{
		TokenURL:  "https://idp.example.com/token",
		ClientID:  "orders",
		AuthStyle: alf.AuthPrivateKeyJWT,
		Assertion: alf.Assertion{Key: alf.KeySigner(hsm, "orders-2026")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Output:
}

// Workload identity: the platform writes a signed token into a file and keeps it fresh, and that proves who the client
// is. There is no secret to look after.
func ExampleNew_workloadIdentity() {
	client, err := alf.New(alf.Config{
		Issuer:    "https://idp.example.com",
		ClientID:  "orders",
		AuthStyle: alf.AuthExternalAssertion,
		Assertion: alf.Assertion{Source: alf.SecretFile("/var/run/secrets/tokens/idp")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Output:
}

// Mutual TLS. The API sees the same certificate as the token endpoint, so tokens may be bound to it.
func ExampleNew_mutualTLS() {
	client, err := alf.New(alf.Config{
		Issuer:      "https://idp.example.com",
		ClientID:    "orders",
		AuthStyle:   alf.AuthTLS,
		Certificate: alf.CertificateFiles("/run/secrets/tls.crt", "/run/secrets/tls.key"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Output:
}

// Tokens that are bound to a key which never leaves the process: one that is stolen is of no use. It goes with any way
// of proving who the client is.
func ExampleNew_dPoP() {
	client, err := alf.New(alf.Config{
		Issuer:       "https://idp.example.com",
		ClientID:     "orders",
		ClientSecret: alf.SecretEnv("ORDERS_SECRET"),
		DPoP:         &alf.DPoP{},
		Resource:     []string{"https://stock.example.com"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Output:
}

// Validate says everything at once, each with the field and the remedy.
func ExampleConfig_Validate() {
	err := alf.Config{
		Issuer:    "https://idp.example.com",
		ClientID:  "orders",
		AuthStyle: alf.AuthPrivateKeyJWT,
		Resource:  []string{"stock"},
	}.Validate()
	fmt.Println(err)
	// Output:
	// alf: unusable Config:
	// Assertion.Key: missing: use KeyFile or KeySigner (keys.File, keys.Signer), or choose another AuthStyle than private_key_jwt
	// Resource[0]: not an absolute URI without fragment (RFC 8707 section 2): correct it
}
