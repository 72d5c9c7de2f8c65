package alfprom_test

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfprom"
)

// A service exports what its client and its pool count.
func Example() {
	client, err := alf.New(alf.Config{
		TokenURL: "https://auth.example.com/token", ClientID: "orders", ClientSecret: alf.Secret("secret"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	metrics := alfprom.NewCollector()
	err = errors.Join(
		metrics.AddClient("orders", client),
		prometheus.Register(metrics),
	)
	if err != nil {
		fmt.Println(err)
	}
	_ = promhttp.Handler() // as for all other metrics
	// Output:
}
