package bound_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/bound"
)

func TestTheLastTokensAreRemembered(t *testing.T) {
	var c bound.Cache[int]
	_, ok := c.Latest()
	require.False(t, ok)
	for i := range 20 {
		c.Bind(bound.Hash(fmt.Sprint(i)), i)
		c.Bind(bound.Hash("the same"), i)
	}
	for i := range 20 {
		to, ok := c.Of(bound.Hash(fmt.Sprint(i)))
		require.Equal(t, i >= 13, ok, i)
		if ok {
			require.Equal(t, i, to)
		}
	}
	to, ok := c.Of(bound.Hash("the same"))
	require.True(t, ok)
	require.Equal(t, 19, to)
	c.Bind(bound.Hash("0"), 100)
	to, _ = c.Latest()
	require.Equal(t, 100, to)
}

func TestManyTokensAreRemembered(t *testing.T) {
	var m bound.Many[int]
	_, ok := m.Of(bound.Hash("0"))
	require.False(t, ok)
	for i := range 100_010 {
		m.Bind(bound.Hash(fmt.Sprint(i)), i)
		m.Bind(bound.Hash(fmt.Sprint(i)), -i)
	}
	for _, i := range []int{0, 9, 10, 11, 50_000, 100_009} {
		to, ok := m.Of(bound.Hash(fmt.Sprint(i)))
		require.Equal(t, i >= 10, ok, i)
		if ok {
			require.Equal(t, -i, to)
		}
	}
}
