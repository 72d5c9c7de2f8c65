package fetcher_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
)

func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "my-service" || secret != "correct-horse" || r.FormValue("scope") != "orders:read" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"bearer","expires_in":3600}`)
	}))
	defer server.Close()

	f, err := fetcher.New(fetcher.Config{
		TokenURL:     server.URL, // loopback, hence http is fine
		ClientID:     "my-service",
		ClientSecret: fetcher.Secret("correct-horse"),
		Scopes:       []string{"orders:read"},
		TokenRequest: fetcher.TokenRequest{Timeout: 5 * time.Second},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.CloseIdleConnections()

	token, err := f.Fetch(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.TokenType, len(token.AccessToken), time.Until(token.Expiry) > 59*time.Minute)
	// Output: Bearer 22 true
}

// A mistake in the configuration is found before anything is sent, and all
// mistakes are found at once.
func ExampleNew_mistakes() {
	_, err := fetcher.New(fetcher.Config{
		TokenURL: "http://idp.example.com/token",
		Scopes:   []string{"orders:read orders:write"},
	})
	fmt.Println(err)
	// Output:
	// TokenURL: plain http would send tokens and client credentials in the clear: use https, or list "idp.example.com" in AllowHTTP
	// ClientID: missing: set the id the client was registered with
	// ClientSecret: missing: use Secret, SecretEnv, SecretFile or a function of your own, or choose another AuthStyle than client_secret_basic
	// Scopes[0]: "orders:read orders:write" is not a scope (RFC 6749 section 3.3): list one per entry, without spaces or quotes
}

// The file is read at every fetch, so that a secret can be rotated while the
// program runs.
func ExampleSecretFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "client-secret")

	secret := fetcher.SecretFile(path)
	for _, content := range []string{"winter\n", "spring\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			fmt.Println(err)
			return
		}
		value, err := secret(context.Background())
		fmt.Printf("%q %v\n", value, err)
	}
	// Output:
	// "winter" <nil>
	// "spring" <nil>
}

// What the server said is there, and whether trying again has a point.
func ExampleError() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_scope","error_description":"orders:admin is not granted"}`)
	}))
	defer server.Close()

	f, err := fetcher.New(fetcher.Config{
		TokenURL:     server.URL,
		ClientID:     "my-service",
		ClientSecret: fetcher.Secret("correct-horse"),
		Scopes:       []string{"orders:admin"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.CloseIdleConnections()
	_, err = f.Fetch(context.Background())

	var failed *fetcher.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Code, failed.Permanent())
	}
	// Code written for golang.org/x/oauth2 finds what it looks for.
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		fmt.Println(retrieve.Response.Status, retrieve.ErrorDescription)
	}
	// Output:
	// 400 invalid_scope true
	// 400 Bad Request orders:admin is not granted
}
