package core

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestM21_WhoMayUseAContestedToken(t *testing.T) {
	var c contest
	require.False(t, c.covers(0))
	require.False(t, c.covers(1))
	c.add(7)
	c.add(3)
	c.add(7)
	require.Equal(t, []uint64{3, 7}, c.origins)
	require.True(t, c.covers(3))
	require.True(t, c.covers(0), "in the first round")
	require.False(t, c.covers(4))
	c.failed = true
	require.True(t, c.covers(3))
	require.False(t, c.covers(0))

	fork := c
	require.True(t, c.remove(3))
	require.False(t, c.remove(3))
	require.True(t, fork.covers(3), "a copy is a fork")
	require.True(t, c.remove(7))
	require.Equal(t, contest{}, c, "the contest is over")
}

func TestM21_ARejectionThatNamesNoOriginConcernsAllInTheFirstRound(t *testing.T) {
	var c contest
	c.add(0)
	require.True(t, c.covers(0))
	require.True(t, c.covers(9))
	c.failed = true
	require.False(t, c.covers(0))
	require.False(t, c.covers(9))
}

func TestM21_64OriginsContest(t *testing.T) {
	var c contest
	for origin := range uint64(64) {
		require.False(t, c.full())
		c.add(origin + 1)
	}
	require.True(t, c.full())
}
