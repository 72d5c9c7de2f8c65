package world

import "time"

// RunTold runs the world of a plan in such a way that others can carry out the very same one: what is drawn depends on
// nothing but the time it is drawn at, however often and for whomever. draw tells it, in [0, 1).
//
// Callers who were released together are told apart by the nanoseconds, below a whole microsecond, of the time they arrived
// at: an API's answer takes so much longer. A plan that gives each arrival its own has no two answers at the same instant.
func RunWithDraws(plan Plan, draw func(at time.Duration) float64) *Result {
	var w *World
	told := source{told: func() float64 {
		if w == nil {
			return draw(0)
		}
		return draw(w.now)
	}}
	w = newWorld(0, plan.Parameters, told, true)
	w.apart = true
	w.deeds(plan.Actions)
	return w.run()
}
