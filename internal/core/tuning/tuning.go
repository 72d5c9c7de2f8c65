// Package tuning decides how many processors a process uses and how much memory it gives the garbage collector, for
// processes whose work is to hand data from one goroutine to the next, as a proxy's is. It is pure: package tuning of
// internal measures and carries out.
package tuning

const (
	// full is how much of its processors a process uses before it gets more.
	full = 0.8
	// roomy is how much of the fewer processors it may use when it gets fewer.
	roomy = 0.5
	// margin is how much of its last processor the other processes may use when a process gets it, and lost how much
	// when it loses it.
	margin, lost = 0.25, 0.5
)

// Load is what was measured over some time.
type Load struct {
	// Used is how many processors the process has used, and Left how many of the machine's the other processes have
	// not: math.Inf(1) if that is not known.
	Used, Left float64
}

// Processors returns how many processors a process shall use that has now so many. most is how many it may use.
//
// As few as the work needs are the fastest: when a goroutine makes another one ready, and a processor has nothing to
// do, the runtime wakes a thread that looks for work. A proxy does that several times for each request, and the thread
// mostly finds that the work was done where it came up. So twice as many are used when nearly all of their time is
// used, and half as many when that would leave room.
//
// It is no more than other processes leave, but one. Threads that wait for a processor do not work, and take those of
// the callers and the upstream, without which there is nothing to do.
func Processors(now, most int, load Load) int {
	allowed := func(margin float64) int { return int(min(float64(most), max(1, load.Left+margin))) }
	switch fewer := (now + 1) / 2; {
	case now > allowed(lost):
		return allowed(lost)
	case load.Used > full*float64(now):
		return max(now, min(2*now, allowed(margin)))
	case now > 1 && load.Used < roomy*float64(fewer):
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
