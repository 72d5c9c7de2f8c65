package manager_test

import (
	"context"
	"fmt"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// A manager over anything that can obtain a token; here a function.
func ExampleNew() {
	n := 0
	m, err := manager.New(manager.Config{
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			n++
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n), Expiry: time.Now().Add(time.Hour)}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	for range 3 {
		token, err := m.Token(context.Background())
		fmt.Println(token.Value(), err)
	}
	// Output:
	// token-1 <nil>
	// token-1 <nil>
	// token-1 <nil>
}

// A message broker refused the token: say so, and connect again with its successor.
func ExampleManager_Replace() {
	n := 0
	m, _ := manager.New(manager.Config{
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			n++
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n), Expiry: time.Now().Add(time.Hour)}, nil
		}),
	})
	defer m.Close()

	ctx := context.Background()
	token, _ := m.Token(ctx)
	next, err := m.Replace(ctx, token, "amqps://broker.example")
	fmt.Println(next.Value(), err)

	// Report what the broker makes of the successor: from that, the manager distinguishes a revoked token from a broker
	// that rejects everything, which must not cost the token endpoint a request each time.
	m.ReportOutcome(manager.Outcome{Token: next, Origin: "amqps://broker.example", Retry: true, Accepted: true})
	// Output:
	// token-2 <nil>
}

// vault is a token source that asks for a token at every call, as a manager wants it.
type vault struct{ asked int }

func (v *vault) Token() (*oauth2.Token, error) {
	v.asked++
	return &oauth2.Token{AccessToken: fmt.Sprint("theirs-", v.asked), Expiry: time.Now().Add(time.Hour)}, nil
}

// A token source from elsewhere is a fetcher, unless it caches: then it would return a token that was refused once
// more.
func ExampleFromTokenSource() {
	m, _ := manager.New(manager.Config{Fetcher: manager.FromTokenSource(new(vault))})
	defer m.Close()

	ctx := context.Background()
	token, _ := m.Token(ctx)
	fmt.Println(token.Value(), token)

	token, _ = m.Replace(ctx, token, "https://api.example.com")
	fmt.Println(token.Value(), token)
	// Output:
	// theirs-1 Token(#1 REDACTED)
	// theirs-2 Token(#2 REDACTED)
}

// In a test time stands still until the test moves it.
func ExampleConfig_clock() {
	mock := clock.NewMock()
	m, _ := manager.New(manager.Config{
		Clock: mock,
		Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "token", Expiry: mock.Now().Add(time.Hour)}, nil
		}),
	})
	defer m.Close()

	m.Token(context.Background())
	fmt.Println("fetches:", m.Stats().Fetches)
	mock.Add(59 * time.Minute)
	fmt.Println("fetches:", m.Stats().Fetches)
	// Output:
	// fetches: 1
	// fetches: 2
}
