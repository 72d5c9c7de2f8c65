package world

import (
	"context"
	"time"
)

// Look is how to look on while a world runs.
type Look struct {
	// Policy comes by tokens. Default: our own.
	Policy Policy
	// Keep keeps the trace in the result.
	Keep bool
	// Progress, if not nil, is called now and then with the world's time.
	Progress func(now time.Duration)
}

// Record runs the world of a plan, and records it. The callers, what they do by themselves and the faults are the same
// for every policy, so that recordings can be laid side by side; what the seed draws besides (how long responses take)
// is alike. If ctx ends, so does the world, and the recording has its beginning only.
//
// Under [Alf] every rule is checked, and the world is watched until it has recovered, as in [Run]. A baseline knows no
// rules: its Result has statistics only.
func Record(ctx context.Context, seed uint64, plan Plan, look Look) (*Result, *Recording) {
	w := newWorld(seed, plan.Parameters, seeded(seed), look.Keep)
	w.paced = true
	w.faultSource = new(source)
	*w.faultSource = seeded(^seed)
	w.actions(plan.Actions)
	w.stream(plan.Traffic)
	rec := w.record(ctx, look, focus(plan))
	if look.Policy == Alf {
		result := w.run()
		return result, rec.finish()
	}
	w.runBaseline(look.Policy)
	w.until(w.faultsEnd)
	w.stats.Virtual = min(w.now, w.faultsEnd)
	return w.result(), rec.finish()
}

// Replay runs the world of a seed under our own policy, exactly as [Run] does, and records it. If ctx ends, so does the
// world.
func Replay(ctx context.Context, seed uint64, look Look) (*Result, *Recording) {
	k, s := drawn(seed)
	w := newWorld(seed, k, s, look.Keep)
	look.Policy = Alf
	rec := w.record(ctx, look, focus(Plan{Parameters: k}))
	return w.run(), rec.finish()
}

// focus is the part of a world in which tokens' lives can be seen one by one: all of it, or some lives around the first
// action that is not a caller.
func focus(plan Plan) Span {
	k := plan.Parameters
	if k.Lifetime <= 0 || k.Duration/k.Lifetime <= readableLifetimes {
		return Span{0, k.Duration}
	}
	first := k.Duration
	for _, d := range plan.Actions {
		if d.Do != Arrive {
			first = min(first, d.At)
		}
	}
	if first == k.Duration {
		first = 0
	}
	from := max(first-focusedLifetimes/6*k.Lifetime, 0)
	return Span{from, min(from+focusedLifetimes*k.Lifetime, k.Duration)}
}
