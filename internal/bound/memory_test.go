package bound_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/bound"
)

func TestTheLastTokensAreRemembered(t *testing.T) {
	var m bound.Memory[int]
	_, ok := m.Latest()
	require.False(t, ok)
	for i := range 20 {
		m.Bind(bound.Hash(fmt.Sprint(i)), i)
		m.Bind(bound.Hash("the same"), i)
	}
	for i := range 20 {
		to, ok := m.Of(bound.Hash(fmt.Sprint(i)))
		require.Equal(t, i >= 13, ok, i)
		if ok {
			require.Equal(t, i, to)
		}
	}
	to, ok := m.Of(bound.Hash("the same"))
	require.True(t, ok)
	require.Equal(t, 19, to)
	m.Bind(bound.Hash("0"), 100)
	to, _ = m.Latest()
	require.Equal(t, 100, to)
}
