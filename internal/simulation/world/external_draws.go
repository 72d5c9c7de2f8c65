package world

import "time"

// RunWithDraws runs the world of a plan in such a way that others can carry out the very same one: what is drawn
// depends on nothing but the time it is drawn at, however often and for which caller. draw returns it, in [0, 1).
//
// Callers who were released together are drawn apart by the nanoseconds, below a whole microsecond, of the time they
// arrived at: an API's response takes so much longer. A plan that gives each arrival its own has no two responses at
// the same instant.
func RunWithDraws(plan Plan, draw func(at time.Duration) float64) *Result {
	var w *World
	drawn := source{external: func() float64 {
		if w == nil {
			return draw(0)
		}
		return draw(w.now)
	}}
	w = newWorld(0, plan.Parameters, drawn, true)
	w.apart = true
	w.actions(plan.Actions)
	w.stream(plan.Traffic)
	return w.run()
}
