package processes

import (
	"fmt"
	"io"
	"time"

	"github.com/alf-go/alf/internal/program/demo/page"
	"github.com/alf-go/alf/internal/program/format"
)

// Report is what was measured.
type Report struct {
	// Processes is how many shared a token, and how many did not; Callers how many goroutines of each sent requests.
	Processes, Callers int
	// Requests is how many requests to the APIs came to an end, of all processes.
	Requests uint64
	Took     time.Duration
	// Stopped names the act during which the demonstration was interrupted; empty if it came to its end.
	Stopped string
	// Unfinished says what did not happen in time; empty if everything did.
	Unfinished string
	// Acts are those that came to an end, and one that did not if there is such a one.
	Acts []Act
	// Thrice is how many requests of the processes that share a token were sent more than twice.
	Thrice uint64
	// StoreFailure is why the store did not work, the first time; empty if it always did.
	StoreFailure string
}

// Act is a part of the demonstration, as it was for each of the fleets.
type Act struct {
	Name string
	// Most is how many token requests the processes that share a token may make. With Outage, those that meet the
	// outage come on top: they are compared with those of a single process, which makes Possible at most.
	Most, Possible uint64
	Outage         bool
	// Late says that a process was stopped in it, so that its token came late.
	Late bool
	// LeftOut says why the act was not played; empty: it was.
	LeftOut string
	// Shared is of the processes with the store, Separate of those without one, Single of one process without one.
	Shared, Separate, Single Measured
}

// Measured is what an act was for some processes.
type Measured struct {
	// TokenRequests is how many arrived at the token endpoint, and Refused how many of those met the outage.
	TokenRequests, Refused uint64
	// Alone is how many of them were made without the store, though there was one.
	Alone uint64
	// Requests is how many requests to the API came to an end, and Failed how many of them to any other than success;
	// FirstFailure is the first error since the start.
	Requests, Failed uint64
	FirstFailure     string
	// Displaced is how many processes got a late token in the place of a newer one. It is known when the act has ended;
	// displaced returns it then, if it is not nil.
	Displaced uint64
	displaced func() uint64
	// Recovered is how long it took until the last process had the new token. Zero: it was not measured.
	Recovered time.Duration
	// Note says what else happened.
	Note string
}

// outcome says what came of an act.
func (a Act) outcome() (lines []string) {
	if a.LeftOut != "" {
		return []string{"left out: " + a.LeftOut}
	}
	say := func(name string, m Measured) {
		line := fmt.Sprintf("%s: %s", name, format.Plural(m.TokenRequests, "token request"))
		if a.Outage {
			line += fmt.Sprintf(", %s of them refused", format.Count(m.Refused))
		}
		lines = append(lines, fmt.Sprintf("%s; %s of %s failed; the last process had the new token after %s",
			line, format.Count(m.Failed), format.Plural(m.Requests, "request"), format.DurationOrDash(m.Recovered)))
	}
	say("with the store", a.Shared)
	if a.Shared.Note != "" {
		lines = append(lines, "with the store: "+a.Shared.Note)
	}
	say("without", a.Separate)
	if a.Outage {
		say("one process", a.Single)
	}
	return lines
}

// Write prints the report: plain text, 80 columns wide at most except for what went wrong.
func (r *Report) Write(w io.Writer) error {
	var p page.Page
	p.Line("")
	p.Line(fmt.Sprintf("%s processes with a store and as many without, %s in %s",
		format.Count(r.Processes), format.Plural(r.Requests, "request"), format.Seconds(r.Took)))
	if r.Stopped != "" {
		p.Line("interrupted during: " + r.Stopped)
	}
	p.Line("")
	p.Table(20, 20, 20, 20).Row("", "token requests", "failed requests", "last had the token")
	t := p.Table(20, 9, 11, 9, 11, 9, 11)
	t.Row("STORE", "with", "without", "with", "without", "with", "without")
	t.Rule()
	for _, a := range r.Acts {
		if a.LeftOut != "" {
			t.Row(a.Name, "-", "-", "-", "-", "-", "-")
			continue
		}
		t.Row(a.Name, cells(a.Shared, a.Separate)...)
	}
	t.Rule()
	t.Row("all", cells(r.sum(func(a Act) Measured { return a.Shared }), r.sum(func(a Act) Measured { return a.Separate }))...)
	p.Line("")
	for _, a := range r.Acts {
		if a.LeftOut != "" {
			p.Line(a.Name + " was left out: " + a.LeftOut)
		}
	}
	if alone := r.sum(func(a Act) Measured { return a.Shared }).Alone; alone > 0 {
		p.Line(fmt.Sprintf("%s made without the store, which did not work in time (D4)", format.Plural(alone, "token request")))
		p.Line("the first failure of the store: " + r.StoreFailure)
	}
	for _, promise := range r.Promises() {
		p.Line(promise.String())
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func cells(with, without Measured) []string {
	return []string{
		format.Count(with.TokenRequests), format.Count(without.TokenRequests),
		format.Count(with.Failed), format.Count(without.Failed),
		format.DurationOrDash(with.Recovered), format.DurationOrDash(without.Recovered),
	}
}

// sum is that of all acts, of some processes, without times.
func (r *Report) sum(of func(Act) Measured) (all Measured) {
	for _, act := range r.Acts {
		m := of(act)
		all.TokenRequests += m.TokenRequests
		all.Alone += m.Alone
		all.Requests += m.Requests
		all.Failed += m.Failed
		all.Displaced += m.Displaced
		if all.FirstFailure == "" {
			all.FirstFailure = m.FirstFailure
		}
	}
	return all
}
