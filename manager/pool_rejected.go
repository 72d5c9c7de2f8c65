package manager

import (
	"errors"
	"hash/maphash"
	"sync"
)

// errRejectedBefore is a fetch that brought a value which resource servers have rejected, for an entry that was created
// again (P4).
var errRejectedBefore = errors.New("the token endpoint returned a token that a resource server has rejected before")

// maxRejected is how many rejected values a pool remembers.
const maxRejected = 1 << 16

// rejectedValues are digests of tokens that were rejected, the last ones. An entry that is removed and created again
// would not know them.
type rejectedValues struct {
	mu   sync.Mutex
	seed maphash.Seed
	set  map[uint64]struct{}
	ring []uint64
	next int
}

func (r *rejectedValues) digest(key *Key, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	h.Write(key[:])
	h.WriteString(value)
	return h.Sum64()
}

func (r *rejectedValues) add(key *Key, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil {
		r.set, r.seed = make(map[uint64]struct{}), maphash.MakeSeed()
	}
	d := r.digest(key, value)
	if _, known := r.set[d]; known {
		return
	}
	if len(r.ring) < maxRejected {
		r.ring = append(r.ring, d)
	} else {
		delete(r.set, r.ring[r.next])
		r.ring[r.next] = d
		r.next = (r.next + 1) % maxRejected
	}
	r.set[d] = struct{}{}
}

func (r *rejectedValues) has(key *Key, value string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil {
		return false
	}
	_, known := r.set[r.digest(key, value)]
	return known
}

func (e *pooledEntry) noteRejected(t *Token) { e.shard.pool.rejected.add(&e.key, t.Value()) }

func (e *pooledEntry) wasRejected(value string) bool {
	return e.shard.pool.rejected.has(&e.key, value)
}
