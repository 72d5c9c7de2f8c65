package core

import "time"

// Displacements recognises an endpoint that has one active token per client: whenever another process fetches a token,
// this one's is revoked, and the other way round (M13). It is an observation only; nothing is decided by it.
type Displacements struct {
	// count is how many tokens in a row were rejected long before their expiry, and replaced by one that was accepted.
	count int
	// last is when the last of them was.
	last Elapsed
	// reported is when it was last reported, if it ever was.
	reported    Elapsed
	everReports bool
}

const (
	// displacementsReported is how many in a row are no coincidence.
	displacementsReported = 5
	// displacementGap is how far apart they may be, and displacementPause how often they are reported.
	displacementGap   = 2 * time.Minute
	displacementPause = time.Hour
)

// From returns what still matters of it then, with its times counted from then, as those of a core are that is packed
// and unpacked (P5). It is the zero value if nothing does.
func (d Displacements) From(then Elapsed) (rest Displacements) {
	if d.count > 0 && then-d.last <= displacementGap {
		rest.count, rest.last = d.count, d.last-then
	}
	if d.everReports && then-d.reported < displacementPause {
		rest.reported, rest.everReports = d.reported-then, true
	}
	return rest
}

// Note is for each step whose Effects say Replaced. It reports whether an event is due.
func (d *Displacements) Note(now Elapsed) bool {
	if d.count > 0 && now-d.last > displacementGap {
		d.count = 0
	}
	d.count, d.last = min(d.count+1, displacementsReported), now
	if d.count < displacementsReported || d.everReports && now-d.reported < displacementPause {
		return false
	}
	d.reported, d.everReports = now, true
	return true
}
