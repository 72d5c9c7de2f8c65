package core

// guards remembers who rejects, so that an API which always answers 401 neither drains the token endpoint nor starves the
// APIs that are content (M13).
type guards struct {
	fetched   bool    // there was a fetch caused by a rejection,
	lastFetch Elapsed // and it started then
	// Few managers ever meet more than one rejecter, and idle ones should be small.
	few  [few]guard
	more *[maxRejecters - few]guard // made when it is needed
}

// few is how many rejecters there is always room for.
const few = 2

// size is how many rejecters there is room for now.
func (g *guards) size() int {
	if g.more == nil {
		return few
	}
	return maxRejecters
}

// at is the room of a rejecter, which it makes if need be.
func (g *guards) at(i int) *guard {
	if i < few {
		return &g.few[i]
	}
	if g.more == nil {
		g.more = new([maxRejecters - few]guard)
	}
	return &g.more[i-few]
}

// own gives a copied core rooms of its own.
func (g *guards) own() {
	if g.more != nil {
		more := *g.more
		g.more = &more
	}
}

type guard struct {
	rejecter uint64
	arrived  Elapsed // what was last fetched on its behalf
	last     Elapsed // that it was heard of
	known    bool
	pending  bool  // a fetch on its behalf has not brought anything yet
	brought  bool  // one has
	hot      bool  // it rejected what was fetched on its behalf,
	level    uint8 // and that many times over
}

func (g *guards) find(rejecter uint64) *guard {
	for i := range g.size() {
		if r := g.at(i); r.known && r.rejecter == rejecter {
			return r
		}
	}
	return nil
}

// guarded reports whether the rejecter rejects again what was just fetched because of a rejection of its own, or has been
// doing so within the last minute.
func (g *guards) guarded(t *turn, rejecter uint64) bool {
	r := g.find(rejecter)
	if r == nil {
		return false
	}
	again := r.brought && t.token.forGuard &&
		t.elapsed-t.token.arrived <= guardMemory && t.token.arrived-r.arrived <= guardMemory
	persistent := r.hot && t.elapsed-r.last <= guardMemory
	if !again && !persistent {
		return false
	}
	r.hot, r.last = true, t.elapsed
	return true
}

// until is when the current token may be replaced for a guarded rejecter: a while after its arrival, or after that of a token
// which came dead and was of no use.
func (g *guards) until(t *turn, rejecter uint64) Elapsed {
	r := g.find(rejecter)
	wait := min(restart<<r.level, maxGuard)
	if r.brought {
		return max(t.token.arrived, r.arrived) + wait
	}
	return t.token.arrived + wait
}

// note remembers that a fetch is made on a rejecter's behalf.
func (g *guards) note(t *turn, rejecter uint64, guarded bool) {
	r := g.find(rejecter)
	if r == nil {
		r = g.free()
		*r = guard{rejecter: rejecter, known: true}
	}
	if !guarded {
		r.hot, r.level = false, 0
	}
	r.pending, r.last = true, t.elapsed
}

// free makes room by forgetting whoever has been quiet for the longest.
func (g *guards) free() *guard {
	oldest := g.at(0)
	for i := range maxRejecters {
		r := g.at(i)
		if !r.known {
			return r
		}
		if r.last < oldest.last {
			oldest = r
		}
	}
	return oldest
}

// arrived tells the guards that the fetch they wait for brought a token, and reports whether any did. The very value that
// was rejected counts as one that was rejected at once.
func (g *guards) arrived(t *turn, same bool) (awaited bool) {
	for i := range g.size() {
		r := g.at(i)
		if !r.known || !r.pending {
			continue
		}
		awaited = true
		r.pending, r.brought, r.arrived = false, true, t.elapsed
		if r.hot {
			r.level = min(r.level+1, 6)
		}
		if same {
			r.hot, r.last = true, t.elapsed
		}
	}
	return awaited
}
