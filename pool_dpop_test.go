package alf_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
)

// A key that is replaced is no reason for a 401 of any token, however many there are; nor is it read for each request.
func TestF4_EachTokenOfAPoolKeepsItsKey(t *testing.T) {
	cfg, _, _, _ := boundServers(t)
	source, rotate := rotating(newKey(t), newKey(t))
	var reads atomic.Int64
	cfg.DPoP = &alf.DPoP{Key: func(ctx context.Context) (*keys.Key, error) { reads.Add(1); return source(ctx) }}
	pool, err := alf.NewPool(alf.PoolConfig{Config: cfg})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	const tokens = 200
	var old []*alf.Token
	var before []string
	for i := range tokens {
		client := pool.Client(audience(i))
		token, err := client.Token(t.Context())
		require.NoError(t, err)
		proof, err := client.Proof(t.Context(), token, "GET", apiURL)
		require.NoError(t, err)
		old, before = append(old, token), append(before, thumb(t, proof))
	}
	rotate()
	_, err = pool.Client(audience(0)).Refresh(t.Context())
	require.NoError(t, err)
	read := reads.Load()
	for i := range tokens {
		proof, err := pool.Client(audience(i)).Proof(t.Context(), old[i], "GET", apiURL)
		require.NoError(t, err)
		require.Equal(t, before[i], thumb(t, proof), i)
	}
	require.Equal(t, read, reads.Load())
}
