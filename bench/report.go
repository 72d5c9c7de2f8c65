package main

import (
	"fmt"
	"strings"
)

// section is what a point has to say: its pictures, tables and verdicts.
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
	verdict verdict
	numbers string
}

type verdict string

const (
	met    verdict = "met"
	missed verdict = "MISSED"
	// open is the verdict on a median beyond its goal whose 95 % interval holds the goal: the run was too noisy to tell.
	open verdict = "open"
	// unjudged is the verdict of a run that is too short to tell.
	unjudged verdict = "–"
)

func (s *section) judge(reached bool, what, numbers string) {
	v := missed
	if reached {
		v = met
	}
	s.goals = append(s.goals, goal{what, v, numbers})
}

// judgeRatios judges the medians of ratios that must not exceed, or, negated by atLeast, fall below a limit.
func (s *section) judgeRatios(ratios []sample, limit float64, atLeast bool, what, more string) {
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

// unjudge takes the verdicts back.
func (s *section) unjudge() {
	for i := range s.goals {
		s.goals[i].verdict = unjudged
	}
}

// verdicts sums up.
func verdicts(sections []section) string {
	var parts []string
	for _, kind := range []verdict{met, missed, open, unjudged} {
		n := 0
		for _, s := range sections {
			n += s.count(kind)
		}
		switch {
		case n == 0:
		case kind == unjudged:
			parts = append(parts, fmt.Sprintf("%d not judged", n))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return "Goals: " + strings.Join(parts, ", ") + "."
}

// count tells how many goals have a verdict.
func (s *section) count(v verdict) (n int) {
	for _, g := range s.goals {
		if g.verdict == v {
			n++
		}
	}
	return n
}
