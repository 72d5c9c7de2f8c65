package report

import (
	"fmt"
	"html"
	"html/template"
	"unicode/utf8"

	"github.com/alf-go/alf/internal/simulation/world"
)

// panel is a picture over time, with what it says in words for those who do not see it.
type panel struct {
	ID, Title, Note string
	Legend          []key
	Shared          bool // its axis is that of the others, so that a cursor can go through all of them
	Picture         template.HTML
}

// key explains a colour.
type key struct{ Class, Text string }

// canvas is a panel's picture in the making.
type canvas struct {
	svg
	axis
	height float64
}

func newCanvas(a axis, height float64) *canvas { return &canvas{axis: a, height: height} }

const below = 22 // room for the axis

// picture ends the drawing. Everything in it went through svg, which escapes.
func (c *canvas) picture(id, title, description string) template.HTML {
	head := fmt.Sprintf(`<svg viewBox="0 0 %s %s" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		number(wide), number(c.height), id, id, id, html.EscapeString(title), id, html.EscapeString(description))
	cursor := fmt.Sprintf(`<line class="cursor" x1="-9" x2="-9" y1="0" y2="%s"/></svg>`, number(c.height-below))
	return template.HTML(head + c.String() + cursor)
}

// bands shades the time of each fault.
func (c *canvas) bands(faults []world.Fault, top, bottom float64) {
	for _, f := range faults {
		if f.To < c.from || f.From > c.to {
			continue
		}
		c.band(f, top, bottom, "band", "moment")
	}
}

// narrow is a band that would be no more than a line.
const narrow = 1.5

func (c *canvas) band(f world.Fault, top, bottom float64, lasting, moment string) {
	x, to := c.x(f.From), c.x(f.To)
	if to-x < narrow {
		c.el("line", "x1", x, "x2", x, "y1", top, "y2", bottom, "class", moment)
		return
	}
	c.el("rect", "x", x, "width", to-x, "y", top, "height", bottom-top, "class", lasting)
}

// perSample says over how much time a figure was counted.
func perSample(r *world.Recording) string { return "per " + duration(r.Step) }

// placed is a fault's place: a row, and where its words are.
type placed struct {
	world.Fault
	row   int
	words string
	x     float64
	end   bool // the words end at x
}

const faultRows = 5

// place finds each fault a row in which nothing is in its way, and words where there is room for them.
func (c *canvas) place(t timeline) (all []placed, rows, wordless int) {
	const letter, apart = 6.4, 8.0
	var ends [faultRows]float64
	free := func(from float64) int {
		for row, end := range ends {
			if from >= end {
				return row
			}
		}
		return -1
	}
	for _, f := range t.faults {
		from, to := c.x(f.From), c.x(f.To)
		p := placed{Fault: f, words: t.describe(f), x: to + 5}
		width := float64(utf8.RuneCountInString(p.words))*letter + 5
		left, right := from, to+width
		switch {
		case width < to-from:
			p.x, right = from+5, to
		case right > plotRight:
			p.x, p.end, left, right = from-5, true, from-width, to
		}
		if p.row = free(left); p.row < 0 {
			p.words, right = "", to
			wordless++
			p.row = max(free(from), 0)
		}
		ends[p.row] = max(ends[p.row], right+apart)
		rows = max(rows, p.row+1)
		all = append(all, p)
	}
	return all, max(rows, 1), wordless
}

// faultsPanel shows the faults of the world.
func faultsPanel(t timeline) panel {
	const rowHeight = 21.0
	c := newCanvas(axis{0, t.lasts}, 0)
	all, rows, wordless := c.place(t)
	bottom := float64(rows)*rowHeight + 4
	c.height = bottom + below
	c.draw(&c.svg, 0, bottom)
	for _, f := range all {
		top := float64(f.row)*rowHeight + 3
		c.band(f.Fault, top, top+rowHeight-4, "band strong", "moment strong")
		class := "fault"
		if f.end {
			class += " end"
		}
		if f.words != "" {
			c.text(f.x, top+13, class, f.words)
		}
	}
	p := panel{ID: "faults", Title: "Faults", Note: "Shaded or dashed in every picture below.", Shared: true}
	switch {
	case len(t.faults) == 0:
		c.text(plotLeft+6, 17, "fault", "nothing out of the ordinary")
		p.Note = ""
	case wordless > 0:
		p.Note += " For " + count(wordless) + " of them there is no room for words."
	}
	p.Picture = c.picture(p.ID, p.Title, plural(len(t.faults), "fault")+" over "+duration(t.lasts)+".")
	return p
}

func (t timeline) describe(f world.Fault) string {
	text := f.Text
	if lasts := f.To - f.From; lasts > 0 {
		text += ", " + duration(lasts)
	}
	if f.Process >= 0 && t.processes > 1 {
		text = fmt.Sprintf("process %d: %s", f.Process, text)
	}
	return text
}
