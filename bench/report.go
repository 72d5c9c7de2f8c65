package main

// section is what a point has to say: its pictures, tables and verdicts.
type section struct {
	title  string
	text   string // what was measured, and how
	goals  []goal
	tables []table
	charts []chart
	notes  []string
}

// goal is one thing that was to be reached, and whether it was.
type goal struct {
	what    string
	met     bool
	numbers string
}

func (g goal) verdict() string {
	if g.met {
		return "met"
	}
	return "MISSED"
}

func (s *section) judge(met bool, what, numbers string) {
	s.goals = append(s.goals, goal{what, met, numbers})
}

// missed counts the goals that were not reached.
func (s *section) missed() (n int) {
	for _, g := range s.goals {
		if !g.met {
			n++
		}
	}
	return n
}
