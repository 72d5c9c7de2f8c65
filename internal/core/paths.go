package core

import "slices"

// paths are those paths of a guarded origin of which something is known, the most recent one first (M13). A slice is
// replaced and never modified.
type paths []path

// path is what is known of one path since the guard went up.
type path struct {
	// name stands for the path; the manager makes segments with a digit count as equal.
	name uint64
	// accepted says that a request to it was accepted.
	accepted bool
	// rejected says that its last retry was not.
	rejected bool
}

// maxPaths is how many paths of an origin are remembered.
const maxPaths = 64

// good reports whether a path has accepted a token, and its last retry was not rejected.
func (ps paths) good(name uint64) bool {
	i := ps.find(name)
	return i >= 0 && ps[i].accepted && !ps[i].rejected
}

func (ps paths) find(name uint64) int {
	return slices.IndexFunc(ps, func(p path) bool { return p.name == name })
}

// accepted returns the paths after one has accepted a token. Only the acceptance of a retry makes up for a rejected
// one.
func (ps paths) accepted(name uint64, retry bool) paths {
	return ps.update(name, func(p *path) {
		p.accepted = true
		p.rejected = p.rejected && !retry
	})
}

// rejected returns the paths after the retry of one was rejected.
func (ps paths) rejected(name uint64) paths {
	return ps.update(name, func(p *path) { p.rejected = true })
}

// update changes one path and puts it first. Where there is no room, a path that is not good makes way, if there is
// one, so that any number of those displaces no good one.
func (ps paths) update(name uint64, change func(*path)) paths {
	i := ps.find(name)
	p := path{name: name}
	if i >= 0 {
		p = ps[i]
	}
	was := p
	change(&p)
	if i == 0 && p == was {
		return ps
	}
	next := make(paths, 0, min(len(ps)+1, maxPaths))
	next = append(next, p)
	if i < 0 && len(ps) == maxPaths {
		i = ps.victim()
	}
	for j, other := range ps {
		if j != i {
			next = append(next, other)
		}
	}
	return next
}

// victim is the path to be forgotten: the least recent one that is not good, or else the least recent one.
func (ps paths) victim() int {
	for i, p := range slices.Backward(ps) {
		if !p.accepted || p.rejected {
			return i
		}
	}
	return len(ps) - 1
}
