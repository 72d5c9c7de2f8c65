package core

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// history is what happens to one origin's guard, in order. Times pass only where it says so.
type history struct {
	*testing.T
	g       guard
	now     Elapsed
	certain bool
}

func (h *history) do(events ...string) {
	for _, event := range events {
		switch event {
		case "fetched for it":
			h.g.awaited = true
			h.certain = h.g.published(false, h.now)
		case "fetched for another reason":
			h.certain = h.g.published(false, h.now)
		case "the same value":
			h.g.awaited = true
			h.certain = h.g.published(true, h.now)
		case "rejected":
			h.certain = h.g.rejected(h.now)
		case "retry rejected":
			h.certain = h.g.retryRejected(1, true, h.now)
		case "retry accepted":
			h.certain, _ = h.g.accepted(Input{Retry: true, Path: 1}, true, h.now)
		case "accepted, sent later":
			h.certain, _ = h.g.accepted(Input{Path: 2}, true, h.now)
		case "accepted, sent before":
			h.certain, _ = h.g.accepted(Input{Path: 2, Age: 2 * time.Second}, true, h.now-2*time.Second)
		case "a second passes":
			h.now += time.Second
		default:
			h.Fatal(event)
		}
	}
}

func TestM13_WhatCountsAsARejectedRetry(t *testing.T) {
	for name, c := range map[string]struct {
		events  []string
		certain bool
	}{
		"one rejected retry": {[]string{"fetched for it", "retry rejected"}, false},
		"a token revoked between fetch and retry": {[]string{
			"fetched for it", "retry rejected", "rejected", "fetched for it", "retry accepted"}, false},
		"twice in a row": {[]string{"fetched for it", "retry rejected", "rejected", "fetched for it", "retry rejected"}, true},
		"its successor is rejected, whatever that was fetched for": {[]string{
			"fetched for it", "retry rejected", "fetched for another reason", "rejected"}, true},
		"the same token is accepted":  {[]string{"fetched for it", "retry rejected", "a second passes", "accepted, sent later"}, true},
		"the same token was accepted": {[]string{"a second passes", "a second passes", "fetched for it", "retry rejected", "accepted, sent before"}, false},
		"not in a row": {[]string{
			"fetched for it", "retry rejected", "fetched for it", "retry accepted", "fetched for it", "retry rejected"}, false},
		"no reports": {[]string{"fetched for it", "rejected", "fetched for it", "rejected"}, true},
		"no reports, of a token that another origin had replaced": {[]string{
			"fetched for it", "fetched for another reason", "rejected"}, true},
		"the report of the retry is late": {[]string{
			"fetched for it", "retry accepted", "fetched for it", "rejected"}, false},
		"the value comes again":       {[]string{"fetched for it", "the same value"}, false},
		"the value comes again twice": {[]string{"fetched for it", "the same value", "the same value"}, true},
		"a real revocation":           {[]string{"fetched for it", "retry accepted", "rejected", "fetched for it", "retry accepted"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := history{T: t}
			h.do(c.events...)
			require.Equal(t, c.certain, h.certain)
		})
	}
}

func TestM13_TheAllowanceBehindAGuard(t *testing.T) {
	const now = time.Hour
	g := guard{}
	g.raise(now)
	good, other := uint64(1), uint64(2)
	g.paths = g.paths.accepted(good, false)

	// Other paths wait for 2, 4, 8, ... s after the token's arrival, and leave half of the allowance.
	for _, wait := range []time.Duration{2, 4, 8, 16} {
		require.Equal(t, now+wait*time.Second, g.entitled(other, now))
		g.spend(other, now)
	}
	require.Equal(t, now+time.Minute, g.entitled(other, now-time.Hour))
	require.LessOrEqual(t, g.entitled(good, now), now)
	for range 4 {
		require.LessOrEqual(t, g.entitled(good, now), now, "all of it at once")
		g.spend(good, now)
	}
	require.Equal(t, now+time.Minute, g.entitled(good, now), "it regains one a minute")
	require.Equal(t, now+5*time.Minute, g.entitled(other, now))
}

func TestM13_FetchesForRejectionsAreASecondApart(t *testing.T) {
	g := guard{}
	allowed := 10 * time.Second // the last fetch was at 9 s
	require.Equal(t, allowed, g.earliest(9*time.Second, allowed, 0.5))
	g.mine = true // another process revokes what was fetched for this origin: not at once
	require.Equal(t, allowed, g.earliest(9100*time.Millisecond, allowed, 0.5))
	require.Equal(t, 10600*time.Millisecond, g.earliest(10100*time.Millisecond, allowed, 0.5))
	require.Equal(t, allowed, g.earliest(11*time.Second, allowed, 0.5), "long ago")
}

func TestM13_64OriginsAreRememberedForAMinute(t *testing.T) {
	var gs guards
	for origin := range uint64(64) {
		gs.edit(origin+1, Elapsed(origin)).on = true
	}
	gs.edit(1, 100).last = 100
	gs.edit(65, 101)
	require.Len(t, gs.origins, 64)
	require.NotNil(t, gs.find(1, 101))
	require.Nil(t, gs.find(2, 101), "the one that was quiet for the longest")
	before := gs
	gs.edit(1, 102).last = 102
	require.Equal(t, Elapsed(100), before.find(1, 102).last, "a copy is a fork")
	require.True(t, gs.observing(102))
	require.False(t, gs.observing(102+guardMemory+1))
	gs.edit(7, 2*guardMemory)
	require.Len(t, gs.origins, 1)
}
