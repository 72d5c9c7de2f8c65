package core

import (
	"encoding/binary"
	"time"
)

// Packer writes fields behind one another, or reads them back, whichever it was made for, so that one list of fields
// does for both directions.
type Packer struct {
	b       []byte
	writing bool
}

// PackTo returns a Packer that appends to b.
func PackTo(b []byte) *Packer { return &Packer{b: b, writing: true} }

// UnpackFrom returns a Packer that reads what one wrote.
func UnpackFrom(b []byte) *Packer { return &Packer{b: b} }

// Bytes is what was written so far, or what has not been read yet.
func (p *Packer) Bytes() []byte { return p.b }

// Number packs an integer in as few bytes as its size needs.
func Number[T ~int | ~int64 | ~uint8 | ~uint64](p *Packer, v *T) {
	if p.writing {
		p.b = binary.AppendVarint(p.b, int64(*v))
		return
	}
	n, size := binary.Varint(p.b)
	*v, p.b = T(n), p.b[size:]
}

// List packs a slice, whose elements pack themselves. Reading makes a new one.
func List[T any](p *Packer, v *[]T, pack func(*T)) {
	n := len(*v)
	Number(p, &n)
	if !p.writing {
		*v = nil
		if n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		pack(&(*v)[i])
	}
}

// Flags packs up to 8 of them into a byte.
func Flags(p *Packer, of ...*bool) {
	if p.writing {
		var bits byte
		for i, f := range of {
			if *f {
				bits |= 1 << i
			}
		}
		p.b = append(p.b, bits)
		return
	}
	for i, f := range of {
		*f = p.b[0]&(1<<i) != 0
	}
	p.b = p.b[1:]
}

// instant packs a time on the wall clock; a zero one stays zero.
func instant(p *Packer, v *time.Time) {
	set := !v.IsZero()
	Flags(p, &set)
	if !set {
		return
	}
	left := v.Sub(epoch)
	Number(p, &left)
	*v = epoch.Add(left)
}
