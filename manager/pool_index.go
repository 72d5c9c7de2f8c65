package manager

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"

	"github.com/alf-go/alf/internal/core/pool"
)

// Key names a token in a [Pool]. Two callers with equal keys share a token, so equal keys must stand for token requests
// that an authorization server cannot distinguish; see [KeyOf].
type Key [sha256.Size]byte

// KeyOf makes a key of a list of strings. Different lists have different keys: the length of each string counts too.
func KeyOf(parts ...string) Key { return Key(pool.KeyOf(parts...)) }

// hashSeeds differ by process, so that no one can choose keys that fall together.
var hashSeeds = [2]uint64{rand.Uint64(), rand.Uint64()}

func (k *Key) hash() uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(k[:])^hashSeeds[0], binary.LittleEndian.Uint64(k[8:])^hashSeeds[1])
	return hi ^ lo
}

// same compares by words, two at a time: so it is inlined.
func (k *Key) same(o *Key) bool { return k.sameAt(o, 0) && k.sameAt(o, 16) }

func (k *Key) sameAt(o *Key, i int) bool {
	return binary.LittleEndian.Uint64(k[i:]) == binary.LittleEndian.Uint64(o[i:]) &&
		binary.LittleEndian.Uint64(k[i+8:]) == binary.LittleEndian.Uint64(o[i+8:])
}

// index finds entries by their keys without a lock: an open-addressing hash table of pointers, which is replaced when
// it is too full. It is changed under the pool's lock. A reader that uses the table before may miss what was added
// since; then it takes the lock and looks again.
type index struct {
	table atomic.Pointer[table]
	n     int // slots that are or were in use
}

type table struct {
	slots []atomic.Pointer[pooledEntry]
	mask  uint64
}

// removed stands in a slot whose entry was removed, so that a search goes on behind it.
var removed = new(pooledEntry)

const minSlots = 64

func (x *index) init() { x.table.Store(newTable(minSlots)) }

func newTable(n int) *table {
	return &table{slots: make([]atomic.Pointer[pooledEntry], n), mask: uint64(n - 1)}
}

// Find returns the entry of a key; nil if there is none.
func (x *index) Find(key *Key) *pooledEntry {
	t := x.table.Load()
	for i := key.hash(); ; i++ {
		e := t.slots[i&t.mask].Load()
		if e == nil {
			return nil
		}
		if e.key.same(key) && e != removed {
			return e
		}
	}
}

// Add is for a key that is not there.
func (x *index) Add(e *pooledEntry) {
	t := x.table.Load()
	if x.n++; 5*x.n > 4*len(t.slots) {
		t = x.rebuild(t)
	}
	t.put(e)
}

func (t *table) put(e *pooledEntry) {
	for i := e.key.hash(); ; i++ {
		if slot := &t.slots[i&t.mask]; slot.Load() == nil {
			slot.Store(e)
			return
		}
	}
}

// rebuild leaves out what was removed.
func (x *index) rebuild(old *table) *table {
	x.n = 1 // the one that is being added
	x.each(func(*pooledEntry) { x.n++ })
	size := minSlots
	for 3*x.n > 2*size {
		size *= 2
	}
	t := newTable(size)
	x.each(t.put)
	x.table.Store(t)
	return t
}

// Remove takes an entry out.
func (x *index) Remove(e *pooledEntry) {
	t := x.table.Load()
	for i := e.key.hash(); ; i++ {
		switch slot := &t.slots[i&t.mask]; slot.Load() {
		case e:
			slot.Store(removed)
			return
		case nil:
			return
		}
	}
}

func (x *index) each(visit func(*pooledEntry)) {
	t := x.table.Load()
	for i := range t.slots {
		if e := t.slots[i].Load(); e != nil && e != removed {
			visit(e)
		}
	}
}
