package fetcher

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// longestLife is what an absurd lifetime is clamped to: longer than that of any token, and short enough to be added to
// any time (M7).
const longestLife = 365 * 24 * time.Hour

// seconds reads a member that is a number of seconds, or a string with one, as some servers send it. given is false if
// it is missing or null; ok is false if it is anything else. Negative numbers count as 0.
func (m members) seconds(name string) (d time.Duration, given, ok bool) {
	if !m.given(name) {
		return 0, false, true
	}
	digits, isText := m.text(name)
	if !isText {
		digits = string(m.get(name))
	}
	if !isNumber(digits) {
		return 0, true, false
	}
	// The only error left is a number out of range, and then f is infinite.
	f, _ := strconv.ParseFloat(digits, 64)
	f = math.Min(math.Max(f, 0), longestLife.Seconds())
	return time.Duration(f * float64(time.Second)), true, true
}

// isNumber reports whether s is a JSON number and nothing else: ParseFloat alone would accept "Inf", "0x10" and "1_000"
// too.
func isNumber(s string) bool {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	return s != "" && (s[0] == '-' || isDigit(s[0])) && isDigit(s[len(s)-1]) && json.Valid([]byte(s))
}

// expiry is by wall time, so that it still holds after the machine slept. It is never the zero time, which would mean
// that no lifetime was given.
func expiry(start time.Time, life time.Duration) time.Time {
	end := start.Round(0).Add(life)
	if end.IsZero() {
		end = end.Add(1)
	}
	return end
}
