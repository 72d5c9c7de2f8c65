// Package tuning decides how many processors a process uses and how much memory it gives the garbage collector, for
// processes whose work is to hand data from one goroutine to the next, as a proxy's is. It is pure: package tuning of
// internal measures and carries out.
package tuning

import "time"

const (
	// full is how much of its processors a process uses before it gets more.
	full = 0.8
	// roomy is how much of the fewer processors it may use when it gets fewer.
	roomy = 0.5
)

// Processors returns how many processors a process shall use that has now so many and used them for cpu in the last
// elapsed. most is how many it may use.
//
// As few as the work needs are the fastest: when a goroutine makes another one ready, and a processor has nothing to
// do, the runtime wakes a thread that looks for work. A proxy does that several times for each request, and the thread
// mostly finds that the work was done where it came up. So twice as many are used when nearly all of their time is
// used, and half as many when that would leave room.
func Processors(now, most int, cpu, elapsed time.Duration) int {
	used := float64(cpu) / float64(max(elapsed, 1))
	switch fewer := (now + 1) / 2; {
	case now > most:
		return most
	case used > full*float64(now):
		return min(2*now, most)
	case now > 1 && used < roomy*float64(fewer):
		return fewer
	}
	return now
}

const (
	// headroom is how much memory a process may take beside what is live before it collects garbage.
	headroom = 64 << 20
	// DefaultPercent is what the runtime has.
	DefaultPercent = 100
	// mostPercent is what a process has that has nearly nothing live. With more, headroom would be passed where little
	// is live but much of it stacks, which the percentage counts as well.
	mostPercent = 800
	// step is how much the percentage changes at least, because each change stops the process for a moment.
	step = 1.25
)

// GCPercent returns the percentage (GOGC) for a process that has now such a one, and so much live memory. A proxy has
// little that lives long and much that does not, so with the default of 100 it would collect it dozens of times a
// second.
func GCPercent(now int, live uint64) int {
	want := min(mostPercent, max(DefaultPercent, int(headroom*100/max(live, 1))))
	if f := float64(want) / float64(now); f < step && f > 1/step && want != DefaultPercent {
		return now
	}
	return want
}
