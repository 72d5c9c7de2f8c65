package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// chart is a picture of horizontal bars in groups.
type chart struct {
	file   string // its name, without .svg
	title  string
	unit   string
	log    bool // a decade is as long as any other
	groups []group
}

type group struct {
	name string
	bars []bar
}

type bar struct {
	name  string
	value float64
	text  string // shown behind it; "": the value
}

// The measures of a picture, in its own units.
const (
	width     = 860
	margin    = 16
	labels    = 190 // room for the bars' names
	texts     = 200 // and for what stands behind them
	barHeight = 18
	barStep   = 24
)

// The greys hold on white and on black alike; where the reader's preference is known, they are better than that.
const style = `text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#57606a}
.t{font-size:16px;font-weight:600}.g{font-weight:600}.n{text-anchor:end}
.o{fill:#8c959f}.f{fill:#bf8700}.a{fill:#1a7f64}
@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.o{fill:#6e7681}.f{fill:#d29922}.a{fill:#2ea58a}}
`

// svg draws the picture. alf's bars are green and those of a floor yellow, so that they need no legend.
func (c *chart) svg() string {
	var b strings.Builder
	y := margin + 18
	fmt.Fprintf(&b, "<text class=\"t\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y, html.EscapeString(c.title))
	y += 20
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s</text>\n", margin, y, html.EscapeString(c.legend()))
	y += 12
	for _, g := range c.groups {
		if g.name != "" {
			y += 24
			fmt.Fprintf(&b, "<text class=\"g\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y, html.EscapeString(g.name))
		}
		y += 8
		for _, bar := range g.bars {
			text := bar.text
			if text == "" {
				text = number(bar.value)
			}
			long := c.length(bar.value)
			fmt.Fprintf(&b, "<text class=\"n\" x=\"%d\" y=\"%d\">%s</text>", margin+labels-8, y+14, html.EscapeString(short(bar.name)))
			fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", class(bar.name), margin+labels, y, long, barHeight)
			fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", float64(margin+labels)+long+6, y+14, html.EscapeString(text))
			y += barStep
		}
	}
	y += margin
	head := fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">\n<style>\n%s</style>\n",
		width, y, width, y, html.EscapeString(c.title), style)
	return head + b.String() + "</svg>\n"
}

func (c *chart) legend() string {
	if c.log {
		return c.unit + ", logarithmic"
	}
	return c.unit
}

// length scales a value to the longest bar of the picture.
func (c *chart) length(v float64) float64 {
	const room = width - 2*margin - labels - texts
	least, most := math.Inf(1), 0.0
	for _, g := range c.groups {
		for _, bar := range g.bars {
			most = max(most, bar.value)
			if bar.value > 0 {
				least = min(least, bar.value)
			}
		}
	}
	switch {
	case !(v > 0) || most == 0:
		return 1 // to be seen at all
	case c.log:
		from := math.Floor(math.Log10(least)) - 0.2
		return max(1, room*(math.Log10(v)-from)/(math.Log10(most)-from))
	}
	return max(1, room*v/most)
}

// class chooses the colour.
func class(name string) string {
	switch {
	case strings.HasPrefix(name, "alf"):
		return "a"
	case slices.Contains([]string{"floor", "plain"}, strings.SplitN(name, " ", 2)[0]):
		return "f"
	}
	return "o"
}

// short cuts a name that would leave the picture.
func short(name string) string {
	const longest = 27
	if utf8.RuneCountInString(name) <= longest {
		return name
	}
	return string([]rune(name)[:longest-1]) + "…"
}
