package pool_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/pool"
)

func TestP4_WhatATokenIsBusyWith(t *testing.T) {
	const called, quiet = 10 * time.Second, 10*time.Second + pool.QuietTime
	for name, c := range map[string]struct {
		pool.Standing
		busy bool
	}{
		"resting":               {pool.Standing{Resting: true}, false},
		"a fetch or a contest":  {pool.Standing{}, true},
		"callers wait":          {pool.Standing{Resting: true, Waiting: true}, true},
		"watched":               {pool.Standing{Resting: true, Watched: true}, true},
		"backing off":           {pool.Standing{Resting: true, BackingOff: true, Called: called, Now: quiet - 1}, true},
		"backing off, no calls": {pool.Standing{Resting: true, BackingOff: true, Called: called, Now: quiet}, false},
	} {
		l := pool.Begin()
		busy, changed := l.Settle(c.Standing)
		require.Equal(t, c.busy, busy, name)
		require.Equal(t, !c.busy, changed, name)
		_, changed = l.Settle(c.Standing)
		require.False(t, changed, name)
	}
}

func TestP4_WhenAnOwnerLooksAgain(t *testing.T) {
	p := pool.Policy{IdleTime: 80 * time.Minute}
	require.Equal(t, 30*time.Minute, p.Look(20*time.Minute, time.Minute, false))
	require.Equal(t, 2*time.Minute, p.Look(90*time.Second, time.Minute, true))
	require.Equal(t, 3*time.Minute, p.Look(2*time.Minute, time.Minute, true))
}

func TestP4_UsesAreNotedOnceASecond(t *testing.T) {
	require.Equal(t, time.Minute, pool.Use(0, time.Minute))
	require.Equal(t, time.Minute, pool.Use(time.Minute, time.Minute+time.Second-1))
	require.Equal(t, time.Minute+time.Second, pool.Use(time.Minute, time.Minute+time.Second))
	require.Equal(t, time.Second, pool.Use(time.Minute, time.Second), "the clock was stepped back")
}

func TestP2_DifferentListsHaveDifferentKeys(t *testing.T) {
	lists := [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"a", "b", "c"}}
	for i, one := range lists {
		for j, other := range lists {
			require.Equal(t, i == j, pool.KeyOf(one...) == pool.KeyOf(other...), "%q and %q", one, other)
		}
	}
}
