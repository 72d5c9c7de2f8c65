package alfotel_test

import (
	"fmt"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfotel"
)

// A service reports its token requests, its waits and its retries to the global providers.
func Example() {
	telemetry, err := alfotel.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = telemetry.Close() }()
	orders := telemetry.For("orders")
	client, err := alf.New(orders.Config(alf.Config{
		TokenURL: "https://auth.example.com/token", ClientID: "orders", ClientSecret: alf.Secret("secret"),
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	if err := orders.Observe(client); err != nil {
		fmt.Println(err)
	}

	api := &http.Client{Transport: otelhttp.NewTransport(orders.Transport(client, nil))}
	_ = api // as any other *http.Client
	// Output:
}
