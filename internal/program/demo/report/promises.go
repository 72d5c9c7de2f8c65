package report

import (
	"fmt"

	"github.com/alf-go/alf/internal/program/format"
)

// Promise is a statement that the measurements confirm or refute.
type Promise struct {
	Held bool
	// Text is the promise; Found is what was measured instead, if it was broken.
	Text, Found string
}

// String says whether it was kept.
func (p Promise) String() string {
	if p.Held {
		return "kept    " + p.Text
	}
	return "BROKEN  " + p.Text + ": " + p.Found
}

// Promises checks them all.
func (r *Report) Promises() []Promise {
	all := r.total()
	failed := all.Failed.Load()
	served := all.Served.Count() + all.Retried.Count()
	found := format.Count(failed) + " failed"
	if r.FirstFailure != nil {
		found += fmt.Sprintf(", the first with: %v", r.FirstFailure)
	}
	nonces, _ := r.nonces()
	promises := []Promise{
		{
			failed == 0,
			"no request failed, except those refused while there was no token",
			found,
		},
		{
			r.API.Unauthorized == 0 && r.Client.Unsent == all.Refused.Count(),
			"a request without a valid token is refused and not sent",
			fmt.Sprintf("%s sent without one; %s refused, of which %s unsent",
				format.Count(r.API.Unauthorized), format.Count(all.Refused.Count()), format.Count(r.Client.Unsent)),
		},
		{
			r.API.Revoked == all.Retried.Count() && r.API.Thrice == 0,
			"after every 401 the retry succeeded, and no request was sent thrice",
			fmt.Sprintf("%s succeeded of %s; %s sent more than twice",
				format.Count(all.Retried.Count()), format.Count(r.API.Revoked), format.Count(r.API.Thrice)),
		},
		{
			r.API.Served == served && r.Client.Fetches+nonces == r.TokenRequests &&
				r.Client.Unauthorized == r.API.Rejected(),
			"callers, client and servers have counted the same",
			fmt.Sprintf("responses: API %s, callers %s; token requests: server %s, client %s; 401s: API %s, client %s",
				format.Count(r.API.Served), format.Count(served),
				format.Count(r.TokenRequests), format.Count(r.Client.Fetches+nonces),
				format.Count(r.API.Rejected()), format.Count(r.Client.Unauthorized)),
		},
	}
	if r.Bound {
		promises = append(promises, Promise{
			r.API.Unbound == 0,
			"every request showed what its token is bound to",
			format.Count(r.API.Unbound) + " did not",
		})
	}
	if r.Unfinished != "" {
		promises = append(promises, Promise{false, "everything happened in time", r.Unfinished})
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
