package tuning

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestX4_WhatAllProcessesUse(t *testing.T) {
	const text = "cpu  100 10 50 900 40 3 7 30 5 0\ncpu0 50 5 25 450 20 2 4 15 5 0\ncpu1 50 5 25 450 20 1 3 15 0 0\nintr 1 2 3 4 5 6 7 8 9 10\nctxt 5\n"
	used, processors, known := parseStat([]byte(text))
	require.True(t, known)
	require.Equal(t, 2, processors)
	require.Equal(t, 2*time.Second, used, "idle and waiting for disks is not used; of guests is in the first number already")

	for _, unusual := range []string{"", "cpu\n", "cpu 1 2 3\n", "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n", "cpu  1 1 1 1 1 1 1 x 1 1\ncpu0 1 1 1 1 1 1 1 1 1 1\n"} {
		_, _, known := parseStat([]byte(unusual))
		require.False(t, known, unusual)
	}

	used, processors, known = usedByAll()
	require.Equal(t, known, used > 0)
	require.Equal(t, known, processors > 0)
}
