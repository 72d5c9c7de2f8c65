package main

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// trial runs one contestant for a slice of time, and returns what that cost.
type trial func() float64

// interleave runs all contestants in every round, so that whatever the machine does meanwhile happens to all of them.
// The order turns by one each round: none always runs behind the same neighbour. The result is one sample per
// contestant, index by index from the same rounds.
func interleave(rounds int, progress func(done, of int), trials ...trial) []sample {
	samples := make([]sample, len(trials))
	for round := range rounds {
		for i := range trials {
			at := (i + round) % len(trials)
			// None pays for what the one before has left behind.
			runtime.GC()
			samples[at] = append(samples[at], trials[at]())
			progress(round*len(trials)+i+1, rounds*len(trials))
		}
	}
	return samples
}

// sample is what a contestant cost, round by round.
type sample []float64

func (s sample) sorted() sample {
	t := slices.Clone(s)
	slices.Sort(t)
	return t
}

// quantile interpolates between the two nearest.
func (s sample) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	t := s.sorted()
	at := q * float64(len(t)-1)
	low := int(at)
	if low == len(t)-1 {
		return t[low]
	}
	return t[low] + (at-float64(low))*(t[low+1]-t[low])
}

func (s sample) median() float64 { return s.quantile(0.5) }

// spread is the distance of the quartiles, as a part of the median.
func (s sample) spread() float64 { return (s.quantile(0.75) - s.quantile(0.25)) / s.median() }

// interval holds the true median with a probability of 95 %, whatever the distribution (by the order of the values).
func (s sample) interval() (low, high float64) {
	t := s.sorted()
	n := float64(len(t))
	reach := 0.98 * math.Sqrt(n) // 1.96 standard deviations of a binomial with p = 1/2
	first := max(0, int(math.Floor((n-1)/2-reach)))
	last := min(len(t)-1, int(math.Ceil((n-1)/2+reach)))
	return t[first], t[last]
}

// over divides round by round: what slowed down a whole round cancels out.
func (s sample) over(base sample) sample {
	ratios := make(sample, min(len(s), len(base)))
	for i := range ratios {
		ratios[i] = s[i] / base[i]
	}
	return ratios
}

// perCall returns the nanoseconds per call of f(n), made by each of so many goroutines at once, by the wall.
func perCall(goroutines, n int, f func(n int)) float64 {
	start, done := make(chan struct{}), make(chan struct{}, goroutines)
	for range goroutines {
		go func() {
			<-start
			f(n)
			done <- struct{}{}
		}()
	}
	began := time.Now()
	close(start)
	for range goroutines {
		<-done
	}
	return float64(time.Since(began).Nanoseconds()) / float64(n*goroutines)
}

// allocated returns the bytes and allocations of one call of f, f itself making n of them.
func allocated(n int, f func(n int)) (bytes, allocations float64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that nothing else allocates meanwhile
	f(1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f(n)
	runtime.ReadMemStats(&after)
	// A stray allocation of the runtime must not show as a fraction.
	return math.Floor(float64(after.TotalAlloc-before.TotalAlloc) / float64(n)),
		math.Floor(float64(after.Mallocs-before.Mallocs) / float64(n))
}

// distinguishable is the two-sided p-value of the rank test of Mann, Whitney and Wilcoxon (normal approximation, with
// the correction for ties): how likely two samples differ that much if they come from the same distribution.
func distinguishable(a, b sample) (p float64) {
	type value struct {
		v     float64
		first bool
	}
	var all []value
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	var rankSum, ties float64
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		rank := float64(i+j+1) / 2
		for _, v := range all[i:j] {
			if v.first {
				rankSum += rank
			}
		}
		equal := float64(j - i)
		ties += equal*equal*equal - equal
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	total := n + m
	u := rankSum - n*(n+1)/2
	variance := n * m / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 {
		return 1
	}
	z := (math.Abs(u-n*m/2) - 0.5) / math.Sqrt(variance)
	return math.Min(1, math.Erfc(z/math.Sqrt2))
}
