package world

import "time"

// dice is the random number behind what a caller does by itself. In a paced world each caller has dice of its own and
// begins its requests by a timetable, so that every policy meets the very same callers: waiting for a token then delays
// nothing but the request that waits.
func (p *process) dice(slot int32) float64 {
	if !p.w.paced {
		return p.w.rnd.float()
	}
	c := &p.callers[slot]
	if c.pace == 0 {
		c.pace = p.w.seed<<48 ^ uint64(p.id)<<24 ^ uint64(slot) ^ 0x616c66<<40
	}
	// SplitMix64: one word of state a caller is all there is room for.
	c.pace += 0x9e3779b97f4a7c15
	z := c.pace
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// next is when a caller begins its next request.
func (p *process) next(slot int32) time.Duration {
	about := p.w.parameters.Interval
	gap := about/2 + time.Duration(p.dice(slot)*float64(about))
	if p.w.paced {
		return max(p.callers[slot].started+gap, p.w.now+time.Microsecond)
	}
	return p.w.now + gap
}
