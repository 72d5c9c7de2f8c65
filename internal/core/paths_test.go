package core

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestM13_PathsThatAcceptAndWhoseLastRetryWasNotRejected(t *testing.T) {
	var ps paths
	require.False(t, ps.good(1))
	ps = ps.accepted(1, false)
	require.True(t, ps.good(1))
	ps = ps.rejected(1)
	require.False(t, ps.good(1))
	require.False(t, ps.accepted(1, false).good(1), "a first send does not make up for it")
	require.True(t, ps.accepted(1, true).good(1))
	require.False(t, ps.rejected(2).good(2))
}

func TestM13_64PathsAreRemembered(t *testing.T) {
	var ps paths
	for name := range uint64(64) {
		ps = ps.accepted(name+1, false)
	}
	fork := ps
	for name := range uint64(10_000) {
		ps = ps.rejected(name + 100)
	}
	require.Len(t, ps, 64)
	require.True(t, ps.good(64))
	require.True(t, ps.good(2), "rejected ones displace one good path at most")
	require.Len(t, fork, 64)
	require.True(t, fork.good(1))
	ps = ps.accepted(2, false)
	for name := range uint64(62) {
		ps = ps.accepted(name+1000, false)
	}
	require.True(t, ps.good(2), "the least recent one makes way")
	require.False(t, ps.good(3))
}
