package alfprom_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfprom"
)

// BenchmarkScrape gathers the metrics of pools of two sizes: it must not depend on the number of tokens.
func BenchmarkScrape(b *testing.B) {
	for _, tokens := range []int{1, 10_000} {
		b.Run(fmt.Sprint(tokens, " tokens"), func(b *testing.B) {
			pool := newPool(b, new(fetcher))
			for n := range tokens {
				_, err := pool.Client(alf.Target{Tenant: fmt.Sprint(n)}).Token(b.Context())
				require.NoError(b, err)
			}
			metrics := alfprom.NewCollector()
			require.NoError(b, metrics.AddPool("tenants", pool))
			registry := registered(b, metrics)
			for b.Loop() {
				_, err := registry.Gather()
				require.NoError(b, err)
			}
		})
	}
}
