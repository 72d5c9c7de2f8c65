package main

import (
	"fmt"
	"strings"
)

var callerCounts = []int{1, 2, 8, 64}

// reading is point 1.
func reading(b *bench) section {
	s := section{
		title: "Reading a token",
		text: "Nanoseconds per call by the wall, for so many goroutines that do nothing else: each library's own call, with a " +
			"token in hand. The floor is one atomic load, one clock read and one comparison. azcore does not let its token be read.",
	}
	var peers []peer
	for _, p := range append([]peer{floor}, append(libraries, asked)...) {
		if p.reader != nil {
			peers = append(peers, p)
		}
	}
	spins := make([]func(n int), len(peers))
	for i, p := range peers {
		spins[i] = p.reader()
		spins[i](1000)
	}

	times := table{title: "ns per call: median (spread)", heads: []string{""}}
	ratios := table{title: "times the floor, median of the rounds", heads: []string{""}}
	for _, p := range peers {
		times.rows = append(times.rows, []string{p.name})
		ratios.rows = append(ratios.rows, []string{p.name})
	}
	picture := chart{file: "read", title: "Reading a token", unit: "ns per call", log: true}
	calls := b.scaled(200_000, 2_000)
	var toFloor []sample
	var beaten []string
	allFaster := true
	first, last := 0.0, 0.0
	for _, goroutines := range callerCounts {
		trials := make([]trial, len(peers))
		for i, p := range peers {
			n := calls / goroutines
			if p.name == asked.name {
				n /= 8 // it takes that much longer
			}
			trials[i] = func() float64 { return perCall(goroutines, n, spins[i]) }
		}
		head := fmt.Sprintf("%d goroutines", goroutines)
		if goroutines == 1 {
			head = "1 goroutine"
		}
		samples := interleave(b.rounds(41), b.step(fmt.Sprintf("reading, %s", head)), trials...)
		times.heads, ratios.heads = append(times.heads, head), append(ratios.heads, head)
		bars := group{name: head}
		for i, p := range peers {
			over := samples[i].over(samples[0])
			times.rows[i] = append(times.rows[i], fmt.Sprintf("%s (%s)", number(samples[i].median()), percent(samples[i].spread())))
			ratios.rows[i] = append(ratios.rows[i], ratio(over.median()))
			bars.bars = append(bars.bars, bar{name: p.name, value: samples[i].median(), text: number(samples[i].median()) + " ns"})
			if p.name == theClient.name {
				toFloor = append(toFloor, over)
				if goroutines == callerCounts[0] {
					first = over.median()
				}
				last = over.median()
			}
		}
		nearest, name := nearestPeer(peers, samples)
		beaten = append(beaten, fmt.Sprintf("%s %s", ratio(nearest), name))
		allFaster = allFaster && nearest > 1
		picture.groups = append(picture.groups, bars)
	}
	s.tables = append(s.tables, times, ratios)
	s.charts = append(s.charts, picture)

	heads := "at 1, 2, 8 and 64 goroutines"
	s.compare(toFloor, 1.1, false, "within 1.1 times the floor "+heads, "")
	s.check(allFaster, "faster than every peer "+heads, "the nearest one takes "+strings.Join(beaten, ", "))
	_, allocations := allocated(10_000, spins[indexOf(peers, theClient)])
	s.check(allocations == 0, "no allocation", fmt.Sprintf("%.0f per call", allocations))
	s.check(last <= first*1.1, "no growth with goroutines, against the floor", fmt.Sprintf("%s times the floor with 1 goroutine, %s with 64", exactly(first), exactly(last)))
	return s
}

// nearestPeer finds the library that comes closest, and how many times alf's time it takes.
func nearestPeer(peers []peer, samples []sample) (nearest float64, name string) {
	ours := samples[indexOf(peers, theClient)]
	for i, p := range peers {
		if p.name == floor.name || p.name == theClient.name {
			continue
		}
		if r := samples[i].over(ours).median(); nearest == 0 || r < nearest {
			nearest, name = r, p.name
		}
	}
	return nearest, name
}

func indexOf(peers []peer, which peer) int {
	for i, p := range peers {
		if p.name == which.name {
			return i
		}
	}
	return -1
}
