// Package schedule is the virtual time of a simulated world, and what is planned for it.
package schedule

import (
	"container/heap"
	"time"
)

// Schedule is what will happen in a world, and how late it is there. Its zero value is the beginning, with nothing
// planned.
type Schedule struct {
	// Now is the time since the beginning.
	Now     time.Duration
	planned events
	number  int // of the last event
}

// At plans something for a time, or for now if that has passed. What is planned for the same instant happens in the
// order in which it was planned.
func (s *Schedule) At(at time.Duration, do func()) {
	s.number++
	heap.Push(&s.planned, event{max(at, s.Now), s.number, do})
}

// After is [Schedule.At] from now on.
func (s *Schedule) After(d time.Duration, do func()) { s.At(s.Now+d, do) }

// Next moves the time on to what is planned next, and returns it; nil if nothing is, up to a time.
func (s *Schedule) Next(until time.Duration) (do func()) {
	if len(s.planned) == 0 || s.planned[0].at > until {
		return nil
	}
	e := heap.Pop(&s.planned).(event)
	s.Now = e.at
	return e.do
}

type event struct {
	at     time.Duration
	number int
	do     func()
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].number < h[j].number
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	s := *h
	last := s[len(s)-1]
	s[len(s)-1] = event{} // what it refers to is garbage
	*h = s[:len(s)-1]
	return last
}
