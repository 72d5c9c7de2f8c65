package manager

import "sync"

// bounded is a number from 0 to 1, whatever a configured source returns (M22).
func bounded(r float64) float64 {
	if r > 0 { // neither negative nor NaN
		return min(r, 1)
	}
	return 0
}

// exclusive lets several owners use a source of random numbers, one at a time. Nil stays nil.
func exclusive(random func() float64) func() float64 {
	if random == nil {
		return nil
	}
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return random()
	}
}
