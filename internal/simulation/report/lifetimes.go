package report

import (
	"fmt"

	"github.com/alf-go/alf/internal/simulation/world"
)

// lifetimesPanel shows the lifetimes of tokens, each a bar, one below the other so that the handing over can be seen.
func lifetimesPanel(r *world.Recording) panel {
	const barHeight, gap, groupGap = 9.0, 4.0, 8.0
	processes := 0
	for _, l := range r.Lifetimes {
		processes = max(processes, l.Process+1)
	}
	rows := 2
	if processes <= 1 {
		rows = 4
	}
	a := axis{r.Focus.From, r.Focus.To}
	group := float64(rows)*(barHeight+gap) + groupGap
	bottom := max(float64(processes)*group, group)
	c := newCanvas(a, bottom+below)
	c.draw(&c.svg, 0, bottom)
	c.bands(r.Faults, 0, bottom)
	row := make([]int, processes)
	for p := range processes {
		if r.Parameters.Processes > 1 {
			c.text(plotLeft-8, float64(p)*group+group/2, "tick end", fmt.Sprintf("process %d", p))
		}
	}
	for _, l := range r.Lifetimes {
		y := float64(l.Process)*group + groupGap/2 + float64(row[l.Process]%rows)*(barHeight+gap)
		row[l.Process]++
		c.life(l, y, barHeight)
	}
	if len(r.Lifetimes) == 0 {
		c.text(plotLeft+6, 17, "fault", "there was no token")
	}
	whole := r.Focus == world.Span{To: r.Parameters.Duration}
	p := panel{
		ID: "lifetimes", Title: "Lifetimes of tokens", Shared: whole,
		Legend: []key{
			{"current", "handed out"}, {"after", "replaced, good until its effective expiry"}, {"margin", "margin until it expires"},
			{"refresh", "refresh time"}, {"rejected", "rejected by an API"},
		},
	}
	if r.Parameters.Processes > processes && processes > 0 {
		p.Note = fmt.Sprintf("The first %d of %s processes. ", processes, count(r.Parameters.Processes))
	}
	if !whole {
		p.Note += "Only " + clock(a.from, a.step()) + " to " + clock(a.to, a.step()) + ": there are too many tokens for one picture."
	}
	p.Picture = c.picture(p.ID, p.Title, plural(len(r.Lifetimes), "token")+", each a bar from its publication to its expiry.")
	return p
}

func (c *canvas) life(l world.Lifetime, y, height float64) {
	if l.Expiry < c.from || l.Published > c.to {
		return
	}
	s := c.step() / 60
	words := fmt.Sprintf("token #%d: published at %s, refresh time %s, replaced or withdrawn at %s, effective expiry %s, expires at %s",
		l.Number, clock(l.Published, s), clock(l.RefreshTime, s), clock(l.Until, s), clock(l.EffectiveExpiry, s), clock(l.Expiry, s))
	c.WriteString("<g>")
	c.begin("title")
	c.WriteString(">" + words + "</title>")
	from, until, end, expiry := c.x(l.Published), c.x(l.Until), c.x(max(l.EffectiveExpiry, l.Published)), c.x(max(l.Expiry, l.EffectiveExpiry))
	if rest := max(end, until); expiry > rest && !l.Rejected {
		c.el("rect", "x", rest, "width", expiry-rest, "y", y+height/2-0.75, "height", 1.5, "class", "margin")
	}
	if end > until && !l.Rejected {
		c.el("rect", "x", until, "width", end-until, "y", y+height/2-2, "height", 4.0, "class", "after")
	}
	c.el("rect", "x", from, "width", max(until-from, 1), "y", y, "height", height, "rx", 2.0, "class", "current")
	if at := c.x(l.RefreshTime); l.RefreshTime >= max(c.from, l.Published) && l.RefreshTime <= min(c.to, l.Until) {
		c.el("line", "x1", at, "x2", at, "y1", y-1.5, "y2", y+height+1.5, "class", "refresh")
	}
	if l.Rejected {
		c.el("path", "d", fmt.Sprintf("M%s %sl6 6m0-6l-6 6", number(until-3), number(y+height/2-3)), "class", "rejected")
	}
	c.WriteString("</g>")
}
