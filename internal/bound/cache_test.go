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
