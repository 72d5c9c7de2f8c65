package wire_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/wire"
)

var now = time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC)

func TestF5_RetryAfterSeconds(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"0":                      0,
		"1":                      time.Second,
		"120":                    2 * time.Minute,
		"007":                    7 * time.Second,
		" 5\t":                   5 * time.Second,
		"9223372036":             9223372036 * time.Second,
		"9223372037":             math.MaxInt64,
		"9223372036854775807":    math.MaxInt64,
		"99999999999999999999":   math.MaxInt64,
		strings.Repeat("9", 400): math.MaxInt64,
	} {
		d, ok := wire.RetryAfter(value, now)
		require.True(t, ok, "%q", value)
		require.Equal(t, want, d, "%q", value)
	}
}

func TestF5_RetryAfterDates(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"Sat, 14 Mar 2026 15:10:26 GMT":       time.Minute,
		"Saturday, 14-Mar-26 15:10:26 GMT":    time.Minute,
		"Sat Mar 14 15:10:26 2026":            time.Minute,
		"  Sat, 14 Mar 2026 15:10:26 GMT  \t": time.Minute,
		"Sun Mar  1 00:00:00 2026":            0,
		"Sat, 14 Mar 2026 15:09:26 GMT":       0,
		"Thu, 01 Jan 1970 00:00:00 GMT":       0,
		"Fri, 31 Dec 9999 23:59:59 GMT":       math.MaxInt64,
	} {
		d, ok := wire.RetryAfter(value, now)
		require.True(t, ok, "%q", value)
		require.Equal(t, want, d, "%q", value)
	}
}

func TestF5_RetryAfterDateIgnoresTheLocalZone(t *testing.T) {
	local := now.In(time.FixedZone("GMT", 5*3600))
	d, ok := wire.RetryAfter("Sat, 14 Mar 2026 15:10:26 GMT", local)
	require.True(t, ok)
	require.Equal(t, time.Minute, d)
}

func TestF5_RetryAfterGarbage(t *testing.T) {
	for _, value := range []string{
		"", " ", "-1", "+1", "1.5", "1e3", "0x10", "1 2", "soon", "5s", "NaN", "Inf",
		"Sat, 14 Mar 2026 15:10:26 +0100", "2026-03-14T15:10:26Z", "Sat, 32 Mar 2026 15:10:26 GMT",
	} {
		d, ok := wire.RetryAfter(value, now)
		require.False(t, ok, "%q", value)
		require.Zero(t, d, "%q", value)
	}
}

func FuzzF5_RetryAfter(f *testing.F) {
	for _, s := range []string{"0", "120", "-1", "99999999999999999999", "Sat, 14 Mar 2026 15:10:26 GMT",
		"Saturday, 14-Mar-26 15:10:26 GMT", "Sat Mar 14 15:10:26 2026", " 3 ", "x"} {
		f.Add(s, now.Unix())
	}
	f.Fuzz(func(t *testing.T, value string, unix int64) {
		at := time.Unix(unix, 0)
		d, ok := wire.RetryAfter(value, at)
		require.GreaterOrEqual(t, d, time.Duration(0))
		if !ok {
			require.Zero(t, d)
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
			require.True(t, ok, "%q", value)
			require.Equal(t, time.Duration(n)*time.Second, d)
		}
		padded, okPadded := wire.RetryAfter("  "+value+" ", at)
		require.Equal(t, ok, okPadded)
		require.Equal(t, d, padded)
	})
}
