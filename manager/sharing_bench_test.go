package manager_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
)

func benchmarkReading(b *testing.B, s *manager.Sharing) {
	i := &issuer{life: 1 << 50}
	m, err := manager.New(manager.Config{Fetcher: i, Sharing: s})
	require.NoError(b, err)
	defer m.Close()
	_, err = m.Token(b.Context())
	require.NoError(b, err)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = m.TokenFor(ctx, fleetAPI)
	}
}

// D9: reading a token is the same with a store as without one.
func BenchmarkD9_Reading(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchmarkReading(b, nil) })
	b.Run("shared", func(b *testing.B) {
		benchmarkReading(b, &manager.Sharing{Store: new(memorystore.Store), Key: func(context.Context) (current, previous []byte, err error) { return []byte(fleetKey), nil, nil }})
	})
}
