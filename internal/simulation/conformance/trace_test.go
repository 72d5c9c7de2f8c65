package conformance_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/manager"
)

// line is one thing that could be seen, in the words of package world's traces.
type line struct {
	at   time.Duration
	what string
}

func (l line) String() string { return fmt.Sprintf("%14s  %s", l.at.Round(time.Microsecond), l.what) }

// inWords writes an event as a trace of package world does.
func inWords(e manager.Event, begun time.Time) line {
	until := func() time.Duration {
		if e.Until.IsZero() {
			return 0
		}
		return e.Until.Sub(begun).Round(time.Microsecond)
	}
	var what string
	switch e.Kind {
	case manager.FetchStarted:
		what = fmt.Sprintf("fetch %d starts: %s", e.Fetch, causes[e.Cause])
	case manager.FetchEnded:
		what = fmt.Sprintf("fetch %d: %s", e.Fetch, classes[e.Class])
	case manager.FetchAbandoned:
		what = fmt.Sprintf("fetch %d is abandoned", e.Fetch)
	case manager.LateResult:
		what = fmt.Sprintf("late result of fetch %d is dropped", e.Fetch)
	case manager.Published:
		what = fmt.Sprintf("token #%d published until %s", e.Token, until())
	case manager.Withdrawn:
		what = fmt.Sprintf("token #%d withdrawn", e.Token)
	case manager.Rejected:
		what = fmt.Sprintf("token #%d rejected", e.Token)
	case manager.Suppressed:
		what = fmt.Sprintf("rejection of token #%d suppressed until %s", e.Token, until())
	case manager.BackedOff:
		what = fmt.Sprintf("backing off until %s", until())
	case manager.Idle:
		what = "idle"
	case manager.Guarded:
		what = "guard on API " + apiNumber(e.Origin)
	case manager.BackoffLifted:
		what = "credentials changed: the backoff is lifted"
	case manager.OneActiveToken:
		what = "one active token, by API " + apiNumber(e.Origin)
	case manager.Closed:
		what = "closed"
	}
	return line{e.Time.Sub(begun), what}
}

var classes = map[manager.Class]string{
	manager.ClassOK: "ok", manager.ClassExpiredOnArrival: "expired on arrival",
	manager.ClassTransient: "transient", manager.ClassPermanent: "permanent",
}

var causes = map[manager.Cause]string{
	manager.CauseCold: "cold", manager.CauseRefresh: "refresh", manager.CauseExpired: "expired",
	manager.CauseRejected: "rejection", manager.CauseManual: "manual", manager.CauseRetry: "retry",
}

var (
	traceLine = regexp.MustCompile(`^( *\S+) p0  (.*)$`)
	// What a trace says of callers, and of that what can be seen of the real ones.
	ofCallers = []struct{ in, out string }{
		{"the API responds 401", "an API responds 401"},
		{"gives up", "a caller gives up"},
		{": failed", "a caller is refused"},
		{": too short", "tokens are too short"},
	}
)

// apiNumber is an API's number in package world.
func apiNumber(origin string) string {
	return strings.TrimSuffix(strings.TrimPrefix(origin, "https://api-"), ".example:443")
}

// reported leaves out the suppressions that the manager counts and does not report: those before the time until which
// the last one of that origin was reported.
type reported map[string]time.Duration

var suppression = regexp.MustCompile(`rejection of token #\d+ suppressed until (\S+)$`)

func (r reported) leavesOut(api, at, event string) bool {
	m := suppression.FindStringSubmatch(event)
	if m == nil {
		return false
	}
	now, until := parsed(at), parsed(m[1])
	if now < r[api] {
		return true
	}
	if until == 0 {
		until = now + time.Minute // it is not bound to a time
	}
	r[api] = until
	return false
}

func parsed(text string) time.Duration {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		panic(err) // a trace has changed its form
	}
	return d
}

var byAPI = regexp.MustCompile(`^invalidate: .*, by API (-?\d+)$`)

// divide finds in a pure world's trace what can be seen from outside: the manager's events, and what callers noticed.
func divide(trace []string) (events []string, callers []line) {
	var api string // of the last rejection
	known := reported{}
	for _, text := range trace {
		m := traceLine.FindStringSubmatch(text)
		if event, ok := strings.CutPrefix(m[2], "  "); ok {
			if !known.leavesOut(api, m[1], event) {
				events = append(events, m[1]+"  "+event)
			}
			continue
		}
		if by := byAPI.FindStringSubmatch(m[2]); by != nil {
			api = by[1]
		}
		for _, said := range ofCallers {
			if strings.HasSuffix(m[2], said.in) {
				callers = append(callers, line{parsed(m[1]), said.out})
			}
		}
	}
	return events, callers
}

var startLine = regexp.MustCompile(`^ *(\S+)  fetch \d+ starts`)

// starts finds among a pure world's events when fetches started.
func starts(events []string) (times []string) {
	for _, l := range events {
		if m := startLine.FindStringSubmatch(l); m != nil {
			times = append(times, m[1])
		}
	}
	return times
}

func microseconds(times []time.Duration) (texts []string) {
	for _, at := range times {
		texts = append(texts, at.Round(time.Microsecond).String())
	}
	return texts
}

// sideBySide shows two traces from a little before their first difference on.
func sideBySide(pure, real []string) string {
	const before, after, width = 25, 15, 64
	first := 0
	for first < min(len(pure), len(real)) && pure[first] == real[first] {
		first++
	}
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n  %-*s  %s\n", width, "the pure world", "the real thing")
	for i := max(first-before, 0); i < min(first+after, max(len(pure), len(real))); i++ {
		mark := " "
		if at(pure, i) != at(real, i) {
			mark = "!"
		}
		fmt.Fprintf(&text, "%s %-*s  %s\n", mark, width, at(pure, i), at(real, i))
	}
	return text.String()
}

// inOrder sorts what was said, within a microsecond by the words: a bubble knows no order of what happens at one
// instant.
func inOrder(lines []line) []string {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.at.Round(time.Microsecond), b.at.Round(time.Microsecond)), strings.Compare(a.what, b.what))
	})
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.String())
	}
	return texts
}
