package format

import (
	"fmt"
	"strconv"
	"time"
)

// Rough is a duration as a person says it.
func Rough(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 2*time.Minute:
		return Plural(int(d.Round(time.Second)/time.Second), "second")
	case d < 2*time.Hour:
		return Plural(int(d.Round(time.Minute)/time.Minute), "minute")
	case d < 48*time.Hour:
		return Plural(int(d.Round(time.Hour)/time.Hour), "hour")
	}
	return Plural(int(d/(24*time.Hour)), "day")
}

// Moment is a point in time, and how far off it is.
func Moment(t, now time.Time) string {
	if t.Before(now) {
		return fmt.Sprintf("%s, %s ago", t.UTC().Format(time.RFC3339), Rough(now.Sub(t)))
	}
	return fmt.Sprintf("%s, in %s", t.UTC().Format(time.RFC3339), Rough(t.Sub(now)))
}
