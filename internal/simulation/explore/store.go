package explore

import (
	"bytes"
	"hash/maphash"
)

// store holds every state that was seen, as its key, which is the whole state and not a hash of it: two states are
// taken for one only if all their bytes agree. Keys lie one behind the other in large blocks, so that millions of them
// are nothing to the garbage collector.
type store struct {
	seed   maphash.Seed
	blocks [][]byte
	nodes  []node
	table  []uint32 // open addressing; index of a node plus 1, or 0
}

// node is a state, and how it was reached first.
type node struct {
	block, offset uint32
	length        uint32
	hash          uint32
	parent        uint32
	by            action
}

const blockSize = 1 << 20

func newStore() *store {
	return &store{seed: maphash.MakeSeed(), table: make([]uint32, 1<<12)}
}

func (s *store) len() int { return len(s.nodes) }

func (s *store) key(i int) []byte {
	n := &s.nodes[i]
	return s.blocks[n.block][n.offset:][:n.length]
}

// add stores a state unless it is there already, and reports whether it was new.
func (s *store) add(key []byte, parent int, by action) bool {
	if 2*len(s.nodes) >= len(s.table) {
		s.grow()
	}
	hash := uint32(maphash.Bytes(s.seed, key))
	slot, found := s.find(key, hash)
	if found {
		return false
	}
	block, offset := s.keep(key)
	s.nodes = append(s.nodes, node{block, offset, uint32(len(key)), hash, uint32(parent), by})
	s.table[slot] = uint32(len(s.nodes))
	return true
}

func (s *store) find(key []byte, hash uint32) (slot uint32, found bool) {
	mask := uint32(len(s.table) - 1)
	for slot = hash & mask; s.table[slot] != 0; slot = (slot + 1) & mask {
		i := s.table[slot] - 1
		if s.nodes[i].hash == hash && bytes.Equal(s.key(int(i)), key) {
			return slot, true
		}
	}
	return slot, false
}

func (s *store) keep(key []byte) (block, offset uint32) {
	if n := len(s.blocks); n == 0 || len(s.blocks[n-1])+len(key) > blockSize {
		s.blocks = append(s.blocks, make([]byte, 0, blockSize))
	}
	block = uint32(len(s.blocks) - 1)
	b := &s.blocks[block]
	offset = uint32(len(*b))
	*b = append(*b, key...)
	return block, offset
}

func (s *store) grow() {
	s.table = make([]uint32, 2*len(s.table))
	mask := uint32(len(s.table) - 1)
	for i := range s.nodes {
		slot := s.nodes[i].hash & mask
		for s.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.table[slot] = uint32(i + 1)
	}
}
