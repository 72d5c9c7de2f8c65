// Package format writes figures the way people read them, and words the way a shell does.
package format

import (
	"strconv"
	"time"
)

// Count writes n with separators between thousands.
func Count[N int | uint64](n N) string {
	digits := strconv.FormatUint(uint64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural writes n and a noun, with an s unless n is 1.
func Plural[N int | uint64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(n) + " " + noun
}

// Duration writes d in the unit that suits it, with two significant digits or more.
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-d)
	}
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, " s"}, {time.Millisecond, " ms"}, {time.Microsecond, " µs"}} {
		// What rounds up to 1,000 of a unit is 1 of the next.
		if d < u.unit-u.unit/2000 {
			continue
		}
		value := float64(d) / float64(u.unit)
		decimals := 1
		switch {
		case value >= 99.95:
			decimals = 0
		case u.unit == time.Second && value < 9.995:
			decimals = 2
		}
		return strconv.FormatFloat(value, 'f', decimals, 64) + u.name
	}
	return strconv.FormatInt(int64(d), 10) + " ns"
}

// DurationOrDash writes a dash in place of 0, which stands for what was not measured.
func DurationOrDash(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return Duration(d)
}

// Seconds writes d in seconds with one decimal, for points in time.
func Seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}
