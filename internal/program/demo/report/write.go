package report

import (
	"fmt"
	"io"
	"time"

	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/page"
	"github.com/alf-go/alf/internal/program/demo/tally"
	"github.com/alf-go/alf/internal/program/format"
)

// Write prints the report: plain text, 80 columns wide at most except for what went wrong.
func (r *Report) Write(w io.Writer) error {
	var p page.Page
	r.head(&p)
	r.acts(&p)
	r.times(&p)
	r.proofs(&p)
	r.tokenRequests(&p)
	r.promises(&p)
	_, err := io.WriteString(w, p.String())
	return err
}

func (r *Report) head(p *page.Page) {
	p.Line("")
	p.Line(fmt.Sprintf("%s, %s in %s, tokens that live %s",
		format.Plural(r.Callers, "caller"), format.Plural(r.total().Requests(), "request"), format.Seconds(r.Took),
		format.Duration(r.Lifetime)))
	for i, line := range r.Authentication {
		if i == 0 {
			line = "the client " + line
		}
		p.Line(line)
	}
	if r.Stopped != "" {
		p.Line("interrupted during: " + r.Stopped)
	}
	p.Line("")
}

func (r *Report) acts(p *page.Page) {
	t := p.Table(16, 9, 8, 9, 10, 9, 8, 11)
	t.Row("REQUESTS", "made", "failed", "refused", "retried", "served", "at once", "longest")
	t.Row("", "", "", "unsent", "after 401", "p50", "p99", "token wait")
	t.Rule()
	for _, act := range r.Acts {
		t.Row(act.Name, figures(act.Tally)...)
	}
	t.Rule()
	t.Row("all", figures(r.total())...)
	p.Line("")
}

func figures(t *tally.Tally) []string {
	at := t.Served.Count()
	return []string{
		format.Count(t.Requests()), format.Count(t.Failed.Load()), format.Count(t.Refused.Count()), format.Count(t.Retried.Count()),
		orDash(at, t.Served.Whole.Quantile(0.5)), orDash(at, t.Served.Whole.Quantile(0.99)),
		orDash(at+t.Retried.Count(), t.LongestWait()),
	}
}

func (r *Report) times(p *page.Page) {
	p.Table(20, 30, 30).Row("TIME", "of the whole request", "of it, waiting for the token")
	t := p.Table(20, 10, 10, 10, 10, 10, 10)
	t.Row("", "p50", "p99", "slowest", "p50", "p99", "slowest")
	t.Rule()
	all := r.total()
	for _, kind := range []struct {
		name string
		*tally.Timed
	}{
		{"served at once", &all.Served},
		{"retried after a 401", &all.Retried},
		{"refused", &all.Refused},
	} {
		t.Row(kind.name, append(quantiles(&kind.Whole), quantiles(&kind.Token)...)...)
	}
	p.Line("")
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

func (r *Report) proofs(p *page.Page) {
	if r.Proofs == nil {
		return
	}
	t := p.Table(46, 14, 20)
	t.Row("PROOFS", "accepted", "lacking a nonce")
	t.Rule()
	t.Row("token endpoint", format.Count(r.Proofs.Auth.Accepted), format.Count(r.Proofs.Auth.Challenged))
	t.Row("API", format.Count(r.Proofs.API.Accepted), format.Count(r.Proofs.API.Challenged))
	p.Line("")
}

func (r *Report) tokenRequests(p *page.Page) {
	t := p.Table(46, 14, 20)
	t.Row("TOKEN REQUESTS", "made", "fewest possible")
	t.Rule()
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
		t.Row(purpose.name, format.Count(made), format.Count(fewest))
	}
	made, fewest := r.nonces()
	if r.Proofs != nil {
		t.Row("repeated with the nonce that was required", format.Count(made), format.Count(fewest))
	}
	t.Rule()
	t.Row("all, as the token endpoint counted them", format.Count(r.TokenRequests), format.Count(r.Fewest.Total()+fewest))
	p.Line("")
}

func (r *Report) promises(p *page.Page) {
	for _, promise := range r.Promises() {
		p.Line(promise.String())
	}
}
