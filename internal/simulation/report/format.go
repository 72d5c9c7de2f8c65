package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes n with separators between thousands.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural writes n and a noun, with an s unless n is 1.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return count(n) + " " + noun
}

// percent says 100 % and 0 % only where that is exact.
func percent(part, whole int) string {
	switch {
	case whole == 0:
		return "–"
	case part == whole:
		return "100 %"
	case part == 0:
		return "0 %"
	}
	p := 100 * float64(part) / float64(whole)
	decimals := 1
	for decimals < 5 && (strconv.FormatFloat(p, 'f', decimals, 64) == "100."+strings.Repeat("0", decimals) || p*math.Pow10(decimals) < 1) {
		decimals++
	}
	return strconv.FormatFloat(p, 'f', decimals, 64) + " %"
}

// duration writes d in the units that suit it.
func duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + duration(-d)
	case d == 0:
		return "0 s"
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < 999500*time.Nanosecond:
		return digits(float64(d)/1e3) + " µs"
	case d < 999500*time.Microsecond:
		return digits(float64(d)/1e6) + " ms"
	case d < 59950*time.Millisecond:
		return digits(d.Seconds()) + " s"
	case d < 99*time.Minute && d%time.Hour != 0:
		return two(d.Round(time.Second), time.Minute, "min", time.Second, "s")
	case d < 72*time.Hour:
		return two(d.Round(time.Minute), time.Hour, "h", time.Minute, "min")
	}
	return two(d.Round(time.Hour), 24*time.Hour, "d", time.Hour, "h")
}

// digits writes three significant ones, without zeros behind the point.
func digits(v float64) string {
	text := strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(v)))), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	text := fmt.Sprintf("%d %s", d/large, largeName)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return text
}

// wait writes how long a caller waited.
func wait(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return duration(d)
}

// clock writes a point in a world's time, in as much detail as steps of that size need.
func clock(at, step time.Duration) string {
	at = at.Round(time.Millisecond)
	hours, minutes, seconds := at/time.Hour, at%time.Hour/time.Minute, at%time.Minute
	switch {
	case step >= 24*time.Hour:
		return fmt.Sprintf("%d d", at/(24*time.Hour))
	case step >= time.Hour:
		return fmt.Sprintf("%d h", hours)
	case step >= time.Minute && hours > 0 && minutes == 0:
		return fmt.Sprintf("%d h", hours)
	case step >= time.Minute && hours == 0:
		return fmt.Sprintf("%d min", minutes)
	case step >= time.Minute:
		return fmt.Sprintf("%d:%02d h", hours, minutes)
	case at < time.Minute:
		return strconv.FormatFloat(seconds.Seconds(), 'f', -1, 64) + " s"
	case at < time.Hour:
		return fmt.Sprintf("%d:%02d min", minutes, seconds/time.Second)
	}
	return fmt.Sprintf("%d:%02d:%02d h", hours, minutes, seconds/time.Second)
}
