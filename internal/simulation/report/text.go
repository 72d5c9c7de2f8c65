package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alf-go/alf/internal/simulation/world"
)

// Text writes the report as plain text, 80 columns wide at most except for titles and parameters.
func (r *Report) Text(w io.Writer) error {
	var t text
	r.head(&t)
	r.requests(&t)
	r.tokenRequests(&t)
	r.comparison(&t)
	r.foot(&t)
	_, err := io.WriteString(w, t.String())
	return err
}

// text is lines in the making.
type text struct{ strings.Builder }

func (t *text) line(s string) { t.WriteString(strings.TrimRight(s, " ") + "\n") }

// row writes cells into columns: the first to the left, the others to the right.
func (t *text) row(widths []int, cells ...string) {
	line := cells[0] + pad(widths[0], cells[0])
	for i, cell := range cells[1:] {
		line += pad(widths[i+1], cell) + cell
	}
	t.line(line)
}

func (t *text) rule(widths []int) {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	t.line(strings.Repeat("─", sum))
}

func pad(width int, cell string) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(cell), 0))
}

func (r *Report) head(t *text) {
	t.line("")
	t.line(r.Title)
	if r.About != "" {
		t.line(r.About)
	}
	t.line(r.setting())
	if r.Stopped {
		t.line("interrupted after " + duration(r.Recording.Ended))
	}
	t.line("")
}

// setting is the world in a line.
func (r *Report) setting() string {
	k := &r.Recording.Parameters
	text := duration(k.Duration) + " of virtual time, " + plural(k.Callers*k.Processes, "caller")
	if k.Processes > 1 {
		text += " in " + count(k.Processes) + " processes"
	}
	return text + ", tokens that live " + duration(k.Lifetime) + fmt.Sprintf(", seed %d", r.Seed)
}

var three = []int{44, 14, 14}

func (r *Report) requests(t *text) {
	s := &r.Recording.Sum
	t.row(three, "REQUESTS", count(s.Requests))
	t.rule(three)
	for _, o := range outcomes {
		if n := s.Outcomes[o]; n > 0 || o == world.Succeeded || o == world.Refused {
			t.row(three, Describe(o), count(n), percent(n, s.Ended()))
		}
	}
	if open := s.Requests - s.Ended(); open > 0 {
		t.row(three, "still under way at the end", count(open))
	}
	t.line("")
	t.row(three, "WAITING FOR A TOKEN", "time")
	t.rule(three)
	w := &r.Recording.Waits
	t.row(three, "half of the requests at most", wait(w.Quantile(0.5)))
	t.row(three, "99 of 100 at most", wait(w.Quantile(0.99)))
	t.row(three, "the longest", wait(w.Max()))
	t.row(three, "callers who waited, at most at a time", count(s.Waiting))
	t.line("")
}

func (r *Report) tokenRequests(t *text) {
	rec := r.Recording
	t.row(three, "TOKEN REQUESTS", count(rec.Sum.Started), fmt.Sprintf("peak %d /s", rec.Peak))
	t.rule(three)
	names := world.CauseNames()
	for i, n := range rec.Causes {
		if n > 0 {
			t.row(three, "because of: "+names[i], count(n), percent(n, rec.Sum.Started))
		}
	}
	for o, n := range rec.Sum.Fetches {
		if n > 0 {
			t.row(three, "brought: "+world.FetchOutcome(o).String(), count(n), percent(n, rec.Sum.Started))
		}
	}
	t.line("")
}

// measure is a row of the comparison.
type measure struct {
	name  string
	of    func(r *world.Recording) int
	times bool // it is a duration
}

func (m *measure) text(r *world.Recording) string {
	if m.times {
		return wait(time.Duration(m.of(r)))
	}
	return count(m.of(r))
}

func measures() []measure {
	sum := func(o world.Outcome) func(*world.Recording) int {
		return func(r *world.Recording) int { return r.Sum.Outcomes[o] }
	}
	quantile := func(q float64) func(*world.Recording) int {
		return func(r *world.Recording) int { return int(r.Waits.Quantile(q)) }
	}
	return []measure{
		{name: "token requests", of: func(r *world.Recording) int { return r.Sum.Started }},
		{name: "  at most in one second", of: func(r *world.Recording) int { return r.Peak }},
		{name: "wait for a token: p50", of: quantile(0.5), times: true},
		{name: "  p99", of: quantile(0.99), times: true},
		{name: "  longest", of: func(r *world.Recording) int { return int(r.Waits.Max()) }, times: true},
		{name: "  callers at a time, at most", of: func(r *world.Recording) int { return r.Sum.Waiting }},
		{name: "failed requests", of: func(r *world.Recording) int { return failed(&r.Sum) }},
		{name: "  refused for want of a token", of: sum(world.Refused)},
		{name: "  caller gave up or came too late", of: sum(world.Left)},
		{name: "  401 handed to the caller", of: sum(world.Unauthorized)},
	}
}

func (r *Report) comparison(t *text) {
	if len(r.Baselines) == 0 {
		return
	}
	widths := []int{34}
	head := []string{"THE SAME CALLERS AND FAULTS"}
	for _, c := range r.contenders() {
		widths = append(widths, max(12, utf8.RuneCountInString(c.Policy.String())+2))
		head = append(head, c.Policy.String())
	}
	t.row(widths, head...)
	t.rule(widths)
	for _, m := range measures() {
		cells := []string{m.name}
		for _, c := range r.contenders() {
			cells = append(cells, m.text(c))
		}
		t.row(widths, cells...)
	}
	t.line("")
}

func (r *Report) foot(t *text) {
	if r.Result.Violation == nil {
		t.line(fmt.Sprintf("every rule held at each of %s of the manager", plural(r.Result.Stats.Steps, "decision")))
	} else {
		t.line("BROKEN  " + r.Result.Violation.Rule + ": " + r.Result.Violation.Text)
	}
	t.line("parameters: " + r.Recording.Parameters.String())
	t.line(fmt.Sprintf("%s of virtual time and %s in %s", duration(r.Result.Stats.Virtual), plural(r.Result.Stats.Events, "event"), duration(r.Took)))
}
