package wire

import (
	"math"
	"strings"
	"time"
)

// httpDates are the three forms of RFC 9110 section 5.6.7. The zone is a
// literal, so that what a date means cannot depend on this machine's zone.
var httpDates = [...]string{
	"Mon, 02 Jan 2006 15:04:05 GMT",
	"Monday, 02-Jan-06 15:04:05 GMT",
	time.ANSIC,
}

// RetryAfter reads the value of a Retry-After header (RFC 9110 section 10.2.3): seconds, or an HTTP date, which is
// taken relative to now. White space around it is ignored. It returns 0 and true for "at once" and for a date gone by,
// the longest Duration for what does not fit into one, and false for everything that is neither.
func RetryAfter(value string, now time.Time) (d time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if d, ok := deltaSeconds(value); ok {
		return d, true
	}
	for _, layout := range httpDates {
		if t, err := time.Parse(layout, value); err == nil {
			return max(0, t.Sub(now)), true
		}
	}
	return 0, false
}

// deltaSeconds reads 1*DIGIT of any length.
func deltaSeconds(s string) (time.Duration, bool) {
	if s == "" {
		return 0, false
	}
	const most = math.MaxInt64 / int64(time.Second)
	n, saturated := int64(0), false
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > most {
			n, saturated = most, true
		}
	}
	if saturated {
		return math.MaxInt64, true
	}
	return time.Duration(n) * time.Second, true
}
