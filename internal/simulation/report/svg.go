package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"time"
)

// A picture's sizes, in its own units. It is scaled to the page.
const (
	wide      = 1000.0
	plotLeft  = 168.0
	plotRight = 990.0
	plotWide  = plotRight - plotLeft
)

// svg is a picture in the making. Everything written into it is escaped.
type svg struct{ strings.Builder }

// el writes an element without content; attributes are names and values in turns.
func (s *svg) el(name string, attributes ...any) {
	s.begin(name, attributes...)
	s.WriteString("/>")
}

// titled writes an element that says what it is when pointed at.
func (s *svg) titled(title, name string, attributes ...any) {
	s.begin(name, attributes...)
	s.WriteString("><title>" + html.EscapeString(title) + "</title></" + name + ">")
}

// text writes words.
func (s *svg) text(x, y float64, class, words string) {
	s.begin("text", "x", x, "y", y, "class", class)
	s.WriteString(">" + html.EscapeString(words) + "</text>")
}

func (s *svg) begin(name string, attributes ...any) {
	s.WriteString("<" + name)
	for i := 0; i < len(attributes); i += 2 {
		value := ""
		switch v := attributes[i+1].(type) {
		case float64:
			value = number(v)
		case string:
			value = html.EscapeString(v)
		default:
			panic(fmt.Sprintf("bug: an attribute is a %T", v))
		}
		s.WriteString(" " + attributes[i].(string) + `="` + value + `"`)
	}
}

// number writes a coordinate, as short as the eye allows.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// axis is the way from time to place.
type axis struct{ from, to time.Duration }

func (a axis) x(at time.Duration) float64 {
	at = min(max(at, a.from), a.to)
	return plotLeft + plotWide*float64(at-a.from)/float64(a.to-a.from)
}

// steps are distances between marks that people can count in.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 56 * 24 * time.Hour,
}

func (a axis) step() time.Duration {
	for _, s := range steps {
		if (a.to-a.from)/s <= 9 {
			return s
		}
	}
	return steps[len(steps)-1]
}

// draw writes the marks of time from top to bottom, and below them what time it is.
func (a axis) draw(s *svg, top, bottom float64) {
	step := a.step()
	for at := (a.from + step - 1) / step * step; at <= a.to; at += step {
		x := a.x(at)
		s.el("line", "x1", x, "x2", x, "y1", top, "y2", bottom, "class", "grid")
		class := "tick mid"
		if x > plotRight-20 {
			class = "tick end"
			x = plotRight
		}
		s.text(x, bottom+15, class, clock(at, step))
	}
}

// scale is the way from a figure to a height.
type scale struct {
	top, bottom float64
	most        float64
	log         bool
}

// scaleFor chooses a round number above the greatest figure.
func scaleFor(most int, top, bottom float64, log bool) scale {
	s := scale{top: top, bottom: bottom, most: 1, log: log}
	if log {
		s.most = 10
		for s.most < float64(most) {
			s.most *= 10
		}
		return s
	}
	for magnitude := 1.0; ; magnitude *= 10 {
		for _, m := range []float64{1, 2, 4, 5} {
			if s.most = m * magnitude; s.most >= float64(most) {
				return s
			}
		}
	}
}

func (s scale) y(v int) float64 {
	part := float64(v) / s.most
	if s.log {
		part = math.Log10(1+float64(v)) / math.Log10(1+s.most)
	}
	return s.bottom - (s.bottom-s.top)*part
}

func (s scale) marks() []int {
	if !s.log {
		if s.most < 2 {
			return []int{0, int(s.most)}
		}
		return []int{0, int(s.most / 2), int(s.most)}
	}
	marks := []int{0}
	factor := 10.0
	if s.most > 1_000_000 {
		factor = 1000
	} else if s.most > 10_000 {
		factor = 100
	}
	for v := factor; v <= s.most; v *= factor {
		marks = append(marks, int(v))
	}
	return marks
}

func (s scale) draw(g *svg) {
	for _, v := range s.marks() {
		y := s.y(v)
		g.el("line", "x1", plotLeft, "x2", plotRight, "y1", y, "y2", y, "class", "grid")
		g.text(plotLeft-8, y+4, "tick end", count(v))
	}
}
