package report

import (
	"fmt"
	"math"

	"github.com/alf-go/alf/internal/simulation/world"
)

// fetchClasses are the colours of a token request's outcomes: good, in between, bad.
var fetchClasses = [world.FetchOutcomes]string{
	world.FetchNewToken: "good", world.FetchSameToken: "good", world.FetchExpiredOnArrival: "fair", world.FetchFails: "bad",
	world.FetchThrottled: "fair", world.FetchDenied: "bad", world.FetchTimedOut: "bad", world.FetchAbandoned: "odd",
}

// fetchesPanel shows token requests as dots, a lane for each outcome.
func fetchesPanel(r *world.Recording) panel {
	const lane = 26.0
	lanes := make(map[world.FetchOutcome]float64)
	bottom := 4.0
	for o := range world.FetchOutcomes {
		if r.Sum.Fetches[o] > 0 || o == world.FetchNewToken {
			lanes[o] = bottom + lane/2
			bottom += lane
		}
	}
	c := newCanvas(axis{0, r.Parameters.Duration}, bottom+below)
	c.draw(&c.svg, 0, bottom)
	c.bands(r.Faults, 0, bottom)
	for o := range world.FetchOutcomes {
		if y, ok := lanes[o]; ok {
			c.el("line", "x1", plotLeft, "x2", plotRight, "y1", y, "y2", y, "class", "grid")
			c.text(plotLeft-8, y+4, "tick end", o.String()+" · "+count(r.Sum.Fetches[o]))
		}
	}
	p := panel{ID: "fetches", Title: "Token requests and what they brought", Shared: true}
	if r.Sum.Started > 0 && r.Fetches == nil {
		c.crowded(r, lanes)
		p.Note = "The larger a dot, the more requests."
	} else {
		c.single(r, lanes)
		p.Note = "A dot each."
	}
	p.Picture = c.picture(p.ID, p.Title, plural(r.Sum.Started, "token request")+", of which "+count(r.Sum.Fetches[world.FetchNewToken])+" brought a new token.")
	return p
}

func (c *canvas) single(r *world.Recording, lanes map[world.FetchOutcome]float64) {
	for _, f := range r.Fetches {
		words := fmt.Sprintf("%s: %s after %s", clock(f.At, c.step()/60), f.Outcome, duration(f.Took))
		if f.Cause != "" {
			words += ", because: " + f.Cause
		}
		if r.Parameters.Processes > 1 {
			words += fmt.Sprintf(", process %d", f.Process)
		}
		c.titled(words, "circle", "cx", c.x(f.At), "cy", lanes[f.Outcome], "r", 4.0, "class", "dot "+fetchClasses[f.Outcome])
	}
}

// crowded draws requests that are too many to draw each, by the area of the dots.
func (c *canvas) crowded(r *world.Recording, lanes map[world.FetchOutcome]float64) {
	const together, largest = 3, 10.0
	most := 1
	each := func(do func(i int, o world.FetchOutcome, n int)) {
		for i := 0; i < len(r.Samples); i += together {
			for o := range world.FetchOutcomes {
				n := 0
				for j := i; j < min(i+together, len(r.Samples)); j++ {
					n += r.Samples[j].Fetches[o]
				}
				if n > 0 {
					do(i, o, n)
				}
			}
		}
	}
	each(func(_ int, _ world.FetchOutcome, n int) { most = max(most, n) })
	each(func(i int, o world.FetchOutcome, n int) {
		from := timelineOf(r).at(i)
		words := fmt.Sprintf("from %s, for %s: %s × %s", clock(from, c.step()/60), duration(together*r.Step), count(n), o)
		c.titled(words, "circle", "cx", c.x(from+together*r.Step/2), "cy", lanes[o],
			"r", max(largest*math.Sqrt(float64(n)/float64(most)), 1.5), "class", "dot "+fetchClasses[o])
	})
}
