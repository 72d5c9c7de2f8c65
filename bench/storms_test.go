package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every storm and every defect, in virtual time: the counts and the slowest caller are exact.
func TestStorms_CountsAreExact(t *testing.T) {
	for _, r := range append(storms, allDefects()...) {
		t.Run(r.name, func(t *testing.T) {
			require.Equal(t, r.want, playVirtual(t, r, theClient))
		})
	}
}

func TestStorms_AllEighteenDefectsAreThere(t *testing.T) {
	var numbers []int
	for _, r := range allDefects() {
		numbers = append(numbers, defectNumber(r))
	}
	for n := 1; n <= 18; n++ {
		require.Contains(t, numbers, n)
	}
	require.Len(t, numbers, 18)
}

func TestStorms_WrongCountsAreReportedAndFail(t *testing.T) {
	before := storms
	defer func() { storms = before }()
	wrong := storms[0]
	wrong.want.fetches = 2
	storms = []row{wrong}
	b := &bench{t: t, short: true, progress: &progress{to: io.Discard}}
	s := inStorms(b)
	require.Equal(t, 1, b.miscounted)
	require.Equal(t, 1, s.count(missed))
	require.Contains(t, s.plain(), "WRONG")
}

// What the comparison rests on: that these libraries do in virtual time what they were seen to do. Those that hold a
// lock while they fetch cannot be in a bubble with more than one caller.
func TestStorms_PeersShowTheirDefects(t *testing.T) {
	play := func(name string, p peer) tally {
		for _, r := range append(storms, allDefects()...) {
			if r.name == name {
				return playVirtual(t, r, p)
			}
		}
		t.Fatalf("there is no row %q", name)
		return tally{}
	}
	require.Equal(t, tally{2, 0, 0}, play("2: the endpoint says invalid_client", xoauth2))
	require.Equal(t, tally{1, 1, 0}, play("13: tokens without expires_in, read for an hour", xoauth2))
	require.Equal(t, 4, play("15: a token is printed with %v, %+v, %#v and as JSON", xoauth2).bad)
	require.Equal(t, 1, play("14: API and token endpoint redirect to another host", xoauth2).bad)
	require.Equal(t, tally{50, 0, 20 * time.Millisecond}, play("50 calls one after another, endpoint failing", smithyCache))
}
