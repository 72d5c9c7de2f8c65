package processes

import (
	"fmt"
	"slices"

	"github.com/alf-go/alf/internal/program/demo/report"
	"github.com/alf-go/alf/internal/program/format"
)

// Promises checks what has to be so with a store. All of it are counts: how long something takes depends on what else
// the machine does.
func (r *Report) Promises() []report.Promise {
	var promises []report.Promise
	for _, a := range r.Acts {
		if a.LeftOut == "" && a.Shared.Recovered > 0 {
			promises = append(promises, a.promise())
		}
	}
	all := r.sum(func(a Act) Measured { return a.Shared })
	found := format.Count(all.Failed) + " failed"
	if all.FirstFailure != "" {
		found += ", the first with: " + all.FirstFailure
	}
	promises = append(promises,
		report.Promise{Held: all.Failed == 0, Text: "no request to the API failed", Found: found},
		report.Promise{Held: r.Thrice == 0, Text: "none was sent more than twice", Found: format.Count(r.Thrice) + " were"},
	)
	if slices.ContainsFunc(r.Acts, func(a Act) bool { return a.Late && a.LeftOut == "" }) {
		promises = append(promises, report.Promise{
			Held: all.Displaced == 0, Text: "a late token replaced no newer one", Found: "in " + format.Plural(all.Displaced, "case") + " it did",
		})
	}
	if r.Unfinished == "" && r.Stopped == "" {
		without := r.sum(func(a Act) Measured { return a.Separate })
		promises = append(promises, report.Promise{
			Held: all.TokenRequests < without.TokenRequests, Text: "fewer token requests than without a store",
			Found: format.Count(all.TokenRequests) + " and " + format.Count(without.TokenRequests),
		})
	}
	if r.Unfinished != "" {
		promises = append(promises, report.Promise{Text: "everything happened in time", Found: r.Unfinished})
	}
	return promises
}

// promise is about the token requests of an act. Those that were made without the store, because it did not work in
// time (D4), as on a machine that is very busy, are excused.
func (a Act) promise() report.Promise {
	made, most := a.Shared.TokenRequests, a.Most
	p := report.Promise{Text: fmt.Sprintf("%s: %s at most", a.Name, format.Plural(most, "token request"))}
	if a.Outage {
		made -= a.Shared.Refused
		// What the one process made is a matter of chance. If it waited for long each time, those that shared may have
		// made more than twice as many, and still no more than it could have.
		refused := max(2*a.Single.Refused, a.Possible)
		p.Text = fmt.Sprintf("%s: at most %s refused token requests, where one process made %s; then %s",
			a.Name, format.Count(refused), format.Count(a.Single.Refused), format.Count(most-1))
		p.Held = a.Shared.Refused <= refused+a.Shared.Alone
	} else {
		p.Held = true
	}
	if alone := a.Shared.Alone; alone > 0 {
		p.Text += ", and " + format.Count(alone) + " without the store"
	}
	p.Held = p.Held && made <= most+a.Shared.Alone
	p.Found = format.Plural(a.Shared.TokenRequests, "token request")
	if a.Outage {
		p.Found += ", " + format.Count(a.Shared.Refused) + " of them refused"
	}
	return p
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
