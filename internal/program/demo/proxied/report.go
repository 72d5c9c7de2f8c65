package proxied

import (
	"fmt"
	"io"
	"time"

	"github.com/alf-go/alf/internal/program/demo/page"
	"github.com/alf-go/alf/internal/program/demo/report"
	"github.com/alf-go/alf/internal/program/format"
)

// Report is what was measured.
type Report struct {
	Took time.Duration
	// Stopped names the act during which it was interrupted; Unfinished says what did not happen in time.
	Stopped, Unfinished string
	Acts                []*Act
}

// Act is a part of the demonstration.
type Act struct {
	Name string
	// Counts are those of each kind of traffic.
	Counts []counts
	// TokenRequests is how many arrived at the token endpoint, Most how many may. Outage: requests may be refused, and
	// the token endpoint is asked in vain.
	TokenRequests, Most int
	Outage              bool
	// Slow says that its requests are all of one kind.
	Slow bool
}

func (a *Act) sum() (served, refused, failed int, slowest time.Duration, first string) {
	for i := range a.Counts {
		c := &a.Counts[i]
		served, refused, failed = served+int(c.served.Count()), refused+int(c.refused.Load()), failed+int(c.failed.Load())
		slowest = max(slowest, c.served.Max())
		if text := c.first.Load(); text != nil && first == "" {
			first = kinds[i].name + ": " + *text
		}
	}
	return served, refused, failed, slowest, first
}

// outcome says what came of an act.
func (a *Act) outcome() string {
	served, refused, failed, slowest, _ := a.sum()
	text := fmt.Sprintf("%s served, the slowest in %s; %s failed; %s", format.Count(served), format.DurationOrDash(slowest), format.Count(failed), format.Plural(a.TokenRequests, "token request"))
	if refused > 0 {
		text += fmt.Sprintf("; %s got a 503 of the proxy, unsent", format.Count(refused))
	}
	return text
}

// Write prints the report: plain text, 80 columns wide at most except for what went wrong.
func (r *Report) Write(w io.Writer) error {
	var p page.Page
	total := 0
	for _, a := range r.Acts {
		served, refused, failed, _, _ := a.sum()
		total += served + refused + failed
	}
	p.Line("")
	p.Line(fmt.Sprintf("%s through alf proxy in %s, by programs that know nothing of tokens", format.Plural(total, "request"), format.Seconds(r.Took)))
	if r.Stopped != "" {
		p.Line("interrupted during: " + r.Stopped)
	}
	p.Line("")
	r.acts(&p)
	r.kinds(&p)
	for _, promise := range r.Promises() {
		p.Line(promise.String())
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (r *Report) acts(p *page.Page) {
	t := p.Table(16, 10, 12, 10, 14, 18)
	t.Row("", "served", "503 unsent", "failed", "slowest", "token requests")
	t.Rule()
	for _, a := range r.Acts {
		served, refused, failed, slowest, _ := a.sum()
		t.Row(a.Name, format.Count(served), format.Count(refused), format.Count(failed), format.DurationOrDash(slowest), format.Count(a.TokenRequests))
	}
	p.Line("")
}

func (r *Report) kinds(p *page.Page) {
	t := p.Table(16, 10, 12, 10, 22)
	t.Row("", "served", "503 unsent", "failed", "sent again by callers")
	t.Rule()
	for i, k := range kinds {
		var served, refused, failed, again int64
		for _, a := range r.Acts {
			if a.Slow {
				continue
			}
			c := &a.Counts[i]
			served, refused, failed, again = served+int64(c.served.Count()), refused+c.refused.Load(), failed+c.failed.Load(), again+c.again.Load()
		}
		t.Row(k.name, format.Count(int(served)), format.Count(int(refused)), format.Count(int(failed)), format.Count(int(again)))
	}
	p.Line("")
}

// Promises checks what has to be so. All of it are counts.
func (r *Report) Promises() []report.Promise {
	var failures, unsent, tokens int
	first, costly := "", ""
	for _, a := range r.Acts {
		_, refused, failed, _, text := a.sum()
		failures += failed
		if first == "" && text != "" {
			first = a.Name + ", " + text
		}
		if !a.Outage {
			unsent += refused
			if a.TokenRequests > a.Most {
				tokens++
				costly = fmt.Sprintf("%s: %s", a.Name, format.Count(a.TokenRequests))
			}
		}
	}
	found := format.Count(failures) + " failed"
	if first != "" {
		found += ", the first: " + first
	}
	promises := []report.Promise{
		{Held: failures == 0, Text: "no request failed, not at the reloads and not at the end", Found: found},
		{Held: unsent == 0, Text: "none was refused while there was a token", Found: format.Count(unsent) + " were"},
		{Held: tokens == 0, Text: "one token request at the start, one after the revocation", Found: costly},
	}
	if r.Unfinished != "" {
		promises = append(promises, report.Promise{Text: "everything happened in time", Found: "it did not happen that " + r.Unfinished})
	}
	return promises
}

// Held reports whether every promise was kept.
func (r *Report) Held() bool {
	for _, p := range r.Promises() {
		if !p.Held {
			return false
		}
	}
	return true
}
