package report

import (
	"fmt"
	"io"
	"time"

	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/tally"
	"github.com/alf-go/alf/internal/program/format"
)

// Write prints the report: plain text, 80 columns wide at most except for what went wrong.
func (r *Report) Write(w io.Writer) error {
	var p page
	r.head(&p)
	r.acts(&p)
	r.times(&p)
	r.proofs(&p)
	r.tokenRequests(&p)
	r.promises(&p)
	_, err := io.WriteString(w, p.text.String())
	return err
}

func (r *Report) head(p *page) {
	p.line("")
	p.line(fmt.Sprintf("%s, %s in %s, tokens that live %s",
		format.Plural(r.Callers, "caller"), format.Plural(r.total().Requests(), "request"), format.Seconds(r.Took),
		format.Duration(r.Lifetime)))
	for i, line := range r.Authentication {
		if i == 0 {
			line = "the client " + line
		}
		p.line(line)
	}
	if r.Stopped != "" {
		p.line("interrupted during: " + r.Stopped)
	}
	p.line("")
}

func (r *Report) acts(p *page) {
	t := p.table(16, 9, 8, 9, 10, 9, 8, 11)
	t.row("REQUESTS", "made", "failed", "refused", "retried", "served", "at once", "longest")
	t.row("", "", "", "unsent", "after 401", "p50", "p99", "token wait")
	t.rule()
	for _, act := range r.Acts {
		t.row(act.Name, figures(act.Tally)...)
	}
	t.rule()
	t.row("all", figures(r.total())...)
	p.line("")
}

func figures(t *tally.Tally) []string {
	at := t.Served.Count()
	return []string{
		format.Count(t.Requests()), format.Count(t.Failed.Load()), format.Count(t.Refused.Count()), format.Count(t.Retried.Count()),
		orDash(at, t.Served.Whole.Quantile(0.5)), orDash(at, t.Served.Whole.Quantile(0.99)),
		orDash(at+t.Retried.Count(), t.LongestWait()),
	}
}

func (r *Report) times(p *page) {
	p.table(20, 30, 30).row("TIME", "of the whole request", "of it, waiting for the token")
	t := p.table(20, 10, 10, 10, 10, 10, 10)
	t.row("", "p50", "p99", "slowest", "p50", "p99", "slowest")
	t.rule()
	all := r.total()
	for _, kind := range []struct {
		name string
		*tally.Timed
	}{
		{"served at once", &all.Served},
		{"retried after a 401", &all.Retried},
		{"refused", &all.Refused},
	} {
		t.row(kind.name, append(quantiles(&kind.Whole), quantiles(&kind.Token)...)...)
	}
	p.line("")
}

func quantiles(h *tally.Histogram) []string {
	n := h.Count()
	return []string{orDash(n, h.Quantile(0.5)), orDash(n, h.Quantile(0.99)), orDash(n, h.Max())}
}

// orDash distinguishes "nothing" from "at once".
func orDash(n uint64, d time.Duration) string {
	if n == 0 {
		return "-"
	}
	return format.Duration(d)
}

func (r *Report) proofs(p *page) {
	if r.Proofs == nil {
		return
	}
	t := p.table(46, 14, 20)
	t.row("PROOFS", "accepted", "lacking a nonce")
	t.rule()
	t.row("token endpoint", format.Count(r.Proofs.Auth.Accepted), format.Count(r.Proofs.Auth.Challenged))
	t.row("API", format.Count(r.Proofs.API.Accepted), format.Count(r.Proofs.API.Challenged))
	p.line("")
}

func (r *Report) tokenRequests(p *page) {
	t := p.table(46, 14, 20)
	t.row("TOKEN REQUESTS", "made", "fewest possible")
	t.rule()
	for _, purpose := range []struct {
		name string
		of   func(journal.Purposes) uint64
	}{
		{"cold start", func(p journal.Purposes) uint64 { return p.Cold }},
		{"refreshes at the refresh time", func(p journal.Purposes) uint64 { return p.Refreshes }},
		{"replacements of a revoked token", func(p journal.Purposes) uint64 { return p.Revoked }},
		{"probes of the endpoint while it failed", func(p journal.Purposes) uint64 { return p.Probes }},
		{"others", func(p journal.Purposes) uint64 { return p.Other }},
	} {
		made, fewest := purpose.of(r.Made), purpose.of(r.Fewest)
		if purpose.name == "others" && made == 0 {
			continue
		}
		t.row(purpose.name, format.Count(made), format.Count(fewest))
	}
	made, fewest := r.nonces()
	if r.Proofs != nil {
		t.row("repeated with the nonce that was required", format.Count(made), format.Count(fewest))
	}
	t.rule()
	t.row("all, as the token endpoint counted them", format.Count(r.TokenRequests), format.Count(r.Fewest.Total()+fewest))
	p.line("")
}

func (r *Report) promises(p *page) {
	for _, promise := range r.Promises() {
		if promise.Held {
			p.line("kept    " + promise.Text)
		} else {
			p.line("BROKEN  " + promise.Text + ": " + promise.Found)
		}
	}
}
