package search_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/search"
)

// Keys are distinguished by all their bytes, however many there are.
func TestGraph_KeepsEveryKeyOnce(t *testing.T) {
	const n = 200_000
	keys := make([][]byte, 0, n+2)
	for i := range n {
		k := binary.AppendVarint(nil, int64(i))
		keys = append(keys, append(k, strings.Repeat("x", i%40)...))
	}
	keys = append(keys, keys[0], keys[n-1])
	g := search.New[int]()
	added, same := 0, true
	for _, k := range keys {
		if g.Add(k, 0, 0) {
			same = same && bytes.Equal(g.Key(g.Len()-1), k)
			added++
		}
	}
	require.Equal(t, n, added)
	require.Equal(t, n, g.Len())
	require.True(t, same)
}

// Each number leads to its double and to the one above it: the visit is breadth first, so paths are shortest.
func TestVisit_IsBreadthFirst(t *testing.T) {
	g := search.New[string]()
	g.Add([]byte{1}, 0, "")
	var order []byte
	require.NoError(t, g.Visit(t.Context(), nil, func(i int) bool {
		n := g.Key(i)[0]
		order = append(order, n)
		if n <= 8 {
			g.Add([]byte{2 * n}, i, "double")
			g.Add([]byte{n + 1}, i, "one above")
		}
		return true
	}))
	require.Equal(t, []byte{1, 2, 4, 3, 8, 5, 6, 16, 9, 10, 12, 7, 14}, order)
	require.Equal(t, 5, g.Depth())
	require.Equal(t, []string{"double", "double", "one above", "double"}, g.Path(9))
	require.Empty(t, g.Path(0))
}

func TestVisit_EndsWithItsContextOrWhenItIsEnough(t *testing.T) {
	g := search.New[int]()
	g.Add([]byte{1}, 0, 0)
	g.Add([]byte{2}, 0, 0)
	visited := 0
	require.NoError(t, g.Visit(t.Context(), nil, func(int) bool { visited++; return false }))
	require.Equal(t, 1, visited)
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	cancel(tired)
	require.ErrorIs(t, g.Visit(ctx, nil, func(int) bool { visited++; return true }), tired)
	require.Equal(t, 1, visited)
}
