package draining

import (
	"encoding/binary"
	"slices"
	"time"
)

// Clone copies a core, so that both can go on in their own way.
func (c *Core) Clone() *Core {
	other := *c
	other.live = slices.Clone(c.live)
	return &other
}

// AppendKey appends what distinguishes the core from others: two with the same key do the same from there on.
func (c *Core) AppendKey(b []byte) []byte {
	b = append(b, byte(c.phase))
	for _, flag := range []bool{c.opened, c.usable, c.quiet} {
		b = append(b, '0')
		if flag {
			b[len(b)-1] = '1'
		}
	}
	for _, d := range []time.Duration{c.policy.DrainTime, c.policy.UpgradeDrainTime} {
		b = binary.AppendVarint(b, int64(d))
	}
	for _, t := range []time.Time{c.upgradeEnd, c.abort, c.end} {
		b = binary.AppendVarint(b, t.UnixNano())
	}
	b = binary.AppendUvarint(b, uint64(c.current))
	b = binary.AppendUvarint(b, uint64(len(c.live)))
	for _, g := range c.live {
		b = binary.AppendUvarint(b, uint64(g))
	}
	return b
}
