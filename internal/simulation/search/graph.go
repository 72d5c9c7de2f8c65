package search

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// Graph is the states that were reached, each with the action that led to it first. It holds a state as its key, which
// is the whole state and not a hash of it: two states are taken for one only if all their bytes agree. Keys lie one
// behind the other in large blocks, so that millions of them are nothing to the garbage collector.
type Graph[A any] struct {
	seed   maphash.Seed
	blocks [][]byte
	nodes  []node[A]
	table  []uint32 // open addressing; index of a node plus 1, or 0
	depth  int
}

// node is a state, and how it was reached first.
type node[A any] struct {
	block, offset uint32
	length        uint32
	hash          uint32
	parent        uint32
	by            A
}

const blockSize = 1 << 20

// New returns a graph without states.
func New[A any]() *Graph[A] {
	return &Graph[A]{seed: maphash.MakeSeed(), table: make([]uint32, 1<<12)}
}

// Len is how many states there are.
func (g *Graph[A]) Len() int { return len(g.nodes) }

// Key is the key of a state, by its number in the order in which they were reached. It is not to be written to.
func (g *Graph[A]) Key(i int) []byte {
	n := &g.nodes[i]
	return g.blocks[n.block][n.offset:][:n.length]
}

// Path is how a state was reached first: every action from the beginning.
func (g *Graph[A]) Path(i int) (path []A) {
	for ; i > 0; i = int(g.nodes[i].parent) {
		path = append(path, g.nodes[i].by)
	}
	slices.Reverse(path)
	return path
}

// Add adds a state that was reached from another one, unless it is there already, and reports whether it was new. Of
// the first state, which the others are reached from, parent and by have no meaning.
func (g *Graph[A]) Add(key []byte, parent int, by A) bool {
	if 2*len(g.nodes) >= len(g.table) {
		g.grow()
	}
	hash := uint32(maphash.Bytes(g.seed, key))
	slot, found := g.find(key, hash)
	if found {
		return false
	}
	block, offset := g.keep(key)
	g.nodes = append(g.nodes, node[A]{block, offset, uint32(len(key)), hash, uint32(parent), by})
	g.table[slot] = uint32(len(g.nodes))
	return true
}

func (g *Graph[A]) find(key []byte, hash uint32) (slot uint32, found bool) {
	mask := uint32(len(g.table) - 1)
	for slot = hash & mask; g.table[slot] != 0; slot = (slot + 1) & mask {
		i := g.table[slot] - 1
		if g.nodes[i].hash == hash && bytes.Equal(g.Key(int(i)), key) {
			return slot, true
		}
	}
	return slot, false
}

func (g *Graph[A]) keep(key []byte) (block, offset uint32) {
	if n := len(g.blocks); n == 0 || len(g.blocks[n-1])+len(key) > blockSize {
		g.blocks = append(g.blocks, make([]byte, 0, blockSize))
	}
	block = uint32(len(g.blocks) - 1)
	b := &g.blocks[block]
	offset = uint32(len(*b))
	*b = append(*b, key...)
	return block, offset
}

func (g *Graph[A]) grow() {
	g.table = make([]uint32, 2*len(g.table))
	mask := uint32(len(g.table) - 1)
	for i := range g.nodes {
		slot := g.nodes[i].hash & mask
		for g.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		g.table[slot] = uint32(i + 1)
	}
}
