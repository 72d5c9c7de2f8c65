package tuning

import (
	"math"
	"time"
)

// othersTick is the time over which the other processes are measured: the system counts in hundredths of a second, and
// what they do in less says little.
const othersTick = time.Second

// others is what the other processes of the machine use.
type others struct {
	busy      func() (used time.Duration, processors int, known bool)
	at        time.Time
	all, own  time.Duration
	remaining float64
}

// watchOthers begins to measure. own is how much processor time this process has used until now.
func (p *process) watchOthers(now time.Time, own time.Duration) *others {
	o := &others{busy: p.busy, at: now, own: own, remaining: math.Inf(1)}
	o.all, _, _ = p.busy()
	return o
}

// left returns how many processors they leave, as it was when that was measured last.
func (o *others) left(now time.Time, own time.Duration) float64 {
	elapsed := now.Sub(o.at)
	if elapsed < othersTick {
		return o.remaining
	}
	all, processors, known := o.busy()
	if !known {
		return math.Inf(1)
	}
	theirs := (all - o.all) - (own - o.own)
	o.remaining = float64(processors) - max(0, float64(theirs)/float64(elapsed))
	o.at, o.all, o.own = now, all, own
	return o.remaining
}
