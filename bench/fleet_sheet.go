package main

import "slices"

// The tables, and what is in their columns.
const (
	requestsTable = iota
	timesTable
	idleTable
	readTable
)

var fleetTables = []table{
	{title: "Token requests", heads: []string{"", "shared", "failed", "expected", "no store", "one process"}},
	{title: "Time", heads: []string{"", "with a store: first", "last", "without: first", "last", "last, relative"}},
	{title: "An idle process", heads: []string{"", "with a store", "without", "more"}},
	{title: "One process, and the program again and again", heads: []string{"", "with a store", "without", "relative"}},
}

// figure is a row of one of the tables.
type figure struct {
	table int
	rank  int
	cells []string
}

// sheet is what one part has measured, until it is kept.
type sheet struct {
	section
	rows   []figure
	missed int // promises
	short  bool
}

func (f *figures) newSheet() *sheet { return &sheet{short: f.b.short} }

// keep adds a sheet to the figures.
func (f *figures) keep(s *sheet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = append(f.rows, s.rows...)
	f.section.goals = slices.Concat(f.section.goals, s.goals)
	f.section.notes = slices.Concat(f.section.notes, s.notes)
	f.b.miscounted += s.missed
}

// row adds a row to a table.
func (s *sheet) row(table, rank int, cells ...string) {
	s.rows = append(s.rows, figure{table, rank, cells})
}

// note is said below the tables.
func (s *sheet) note(text string) { s.notes = append(s.notes, text) }

// promise is a goal about counts: the run fails if it is missed.
func (s *sheet) promise(reached bool, what, numbers string) {
	s.check(reached, what, numbers)
	if !reached {
		s.missed++
	}
}

// aim is a goal about times and sizes, which a short run does not decide.
func (s *sheet) aim(reached bool, what, numbers string) {
	s.check(reached, what, numbers)
	s.undecided()
}

// aimRatios is an aim about ratios.
func (s *sheet) aimRatios(ratios sample, limit float64, what, more string) {
	s.compare([]sample{ratios}, limit, false, what, more)
	s.undecided()
}

// undecided takes back the last goal, if the run is short.
func (s *sheet) undecided() {
	if s.short {
		s.goals[len(s.goals)-1].status = undecided
	}
}
