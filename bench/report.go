package main

import (
	"fmt"
	"strings"
)

// section is what a point has to say: its pictures, tables and goals.
type section struct {
	title  string
	text   string // what was measured, and how
	goals  []goal
	tables []table
	charts []chart
	notes  []string
	before string // what the figures were before the design was changed for a goal, and what was changed
}

// goal is one thing that was to be reached, and whether it was.
type goal struct {
	what    string
	status  status
	numbers string
}

type status string

const (
	met    status = "met"
	missed status = "MISSED"
	// open is the status on a median beyond its goal whose 95 % interval holds the goal: the run was too noisy to tell.
	open status = "open"
	// undecided is the status of a run that is too short to tell.
	undecided status = "–"
)

func (s *section) check(reached bool, what, numbers string) {
	v := missed
	if reached {
		v = met
	}
	s.goals = append(s.goals, goal{what, v, numbers})
}

// compare checks the medians of ratios that must not exceed, or, negated by atLeast, fall below a limit.
func (s *section) compare(ratios []sample, limit float64, atLeast bool, what, more string) {
	v := met
	var numbers []string
	for _, r := range ratios {
		low, high := r.interval()
		median := r.median()
		numbers = append(numbers, fmt.Sprintf("%s (%s–%s)", exactly(median), exactly(low), exactly(high)))
		beyond, surely := median > limit, low > limit
		if atLeast {
			beyond, surely = median < limit, high < limit
		}
		switch {
		case surely:
			v = missed
		case beyond && v == met:
			v = open
		}
	}
	s.goals = append(s.goals, goal{what, v, strings.Join(numbers, ", ") + more})
}

// clearGoals takes back what was decided on the goals.
func (s *section) clearGoals() {
	for i := range s.goals {
		s.goals[i].status = undecided
	}
}

// summary sums up.
func summary(sections []section) string {
	numbers := map[status]int{}
	for _, s := range sections {
		for _, g := range s.goals {
			numbers[g.status]++
		}
	}
	return summaryOf(numbers)
}

const summaryBegins = "Goals: "

// summaryOf sums up how many goals have each status.
func summaryOf(numbers map[status]int) string {
	var parts []string
	for _, kind := range []status{met, missed, open, undecided} {
		n := numbers[kind]
		switch {
		case n == 0:
		case kind == undecided:
			parts = append(parts, fmt.Sprintf("%d not decided", n))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return summaryBegins + strings.Join(parts, ", ") + "."
}

// count returns how many goals have a status.
func (s *section) count(v status) (n int) {
	for _, g := range s.goals {
		if g.status == v {
			n++
		}
	}
	return n
}
