package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// series is a figure of every sample.
type series[S any] struct {
	class string
	text  string
	of    func(s *S) int
}

// timeline is what all pictures of a world have in common: how long it lasts, how much time a sample covers, and what
// went wrong meanwhile.
type timeline struct {
	lasts, step time.Duration
	faults      []world.Fault
	processes   int // that faults may be of; 0: none
}

func timelineOf(r *world.Recording) timeline {
	return timeline{r.Parameters.Duration, r.Step, r.Faults, r.Parameters.Processes}
}

// at is when a sample begins.
func (t timeline) at(i int) time.Duration { return time.Duration(i) * t.step }

const seriesHeight = 84.0

// areaPanel shows one series as an area.
func areaPanel[S any](t timeline, samples []S, id, title, note string, one series[S]) panel {
	most := 0
	for i := range samples {
		most = max(most, one.of(&samples[i]))
	}
	c := newCanvas(axis{0, t.lasts}, seriesHeight+below)
	y := scaleFor(most, 8, seriesHeight, false)
	c.draw(&c.svg, 0, seriesHeight)
	y.draw(&c.svg)
	c.bands(t.faults, 0, seriesHeight)
	var d strings.Builder
	fmt.Fprintf(&d, "M%s %s", number(c.x(0)), number(y.bottom))
	last := number(y.bottom)
	for i := range samples {
		if at := number(y.y(one.of(&samples[i]))); at != last {
			fmt.Fprintf(&d, "H%sV%s", number(c.x(t.at(i))), at)
			last = at
		}
	}
	fmt.Fprintf(&d, "H%sV%sz", number(c.x(t.at(len(samples)))), number(y.bottom))
	c.el("path", "d", d.String(), "class", "area "+one.class)
	p := panel{ID: id, Title: title, Note: note, Shared: true}
	p.Picture = c.picture(id, title, "At most "+count(most)+".")
	return p
}

// columnsPanel stacks several series.
func columnsPanel[S any](t timeline, samples []S, id, title, note string, all []series[S]) panel {
	const together = 2 // thinner columns could not be seen
	columns := (len(samples) + together - 1) / together
	figures := make([][]int, len(all))
	total := make([]int, columns)
	sums := make([]int, len(all))
	most := 0
	for k, s := range all {
		figures[k] = make([]int, columns)
		for i := range samples {
			n := s.of(&samples[i])
			figures[k][i/together] += n
			total[i/together] += n
			sums[k] += n
		}
	}
	for _, n := range total {
		most = max(most, n)
	}
	c := newCanvas(axis{0, t.lasts}, seriesHeight+below)
	y := scaleFor(most, 8, seriesHeight, false)
	c.draw(&c.svg, 0, seriesHeight)
	y.draw(&c.svg)
	c.bands(t.faults, 0, seriesHeight)
	under := make([]int, columns)
	p := panel{ID: id, Title: title, Note: note, Shared: true}
	for k, s := range all {
		var d strings.Builder
		for i, n := range figures[k] {
			if n == 0 {
				continue
			}
			x, to := c.x(t.at(i*together)), c.x(t.at((i+1)*together))
			bottom, top := y.y(under[i]), y.y(under[i]+n)
			top = math.Min(top, bottom-1)
			fmt.Fprintf(&d, "M%s %sH%sV%sH%sz", number(x), number(bottom), number(math.Max(to-0.4, x+0.6)), number(top), number(x))
			under[i] += n
		}
		if d.Len() > 0 {
			c.el("path", "d", d.String(), "class", s.class)
		}
		p.Legend = append(p.Legend, key{s.class, s.text + " · " + count(sums[k])})
	}
	p.Picture = c.picture(id, title, legendText(p.Legend))
	return p
}

func legendText(keys []key) string {
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.Text)
	}
	return strings.Join(texts, "; ") + "."
}

// racePanel lays the policies' figures side by side, as lines. Where they are orders of magnitude apart the scale is
// logarithmic, or the lesser ones could not be distinguished from zero.
func racePanel(all []*world.Recording, id, title, note string, summed bool, of func(s *world.Sample) int) panel {
	const height = 120.0
	lines := make([][]int, len(all))
	most, least := 0, math.MaxInt
	for k, r := range all {
		peak, sum := 0, 0
		for i := range r.Samples {
			n := of(&r.Samples[i])
			if sum += n; summed {
				n = sum
			}
			lines[k] = append(lines[k], n)
			peak = max(peak, n)
		}
		most, least = max(most, peak), min(least, peak)
	}
	c := newCanvas(axis{0, all[0].Parameters.Duration}, height+below)
	y := scaleFor(most, 8, height, most > 50*max(least, 1))
	if y.log {
		note += " Logarithmic."
	}
	c.draw(&c.svg, 0, height)
	y.draw(&c.svg)
	c.bands(all[0].Faults, 0, height)
	p := panel{ID: id, Title: title, Note: strings.TrimSpace(note), Shared: true}
	for k := len(all) - 1; k >= 0; k-- { // ours on top
		var d strings.Builder
		last := ""
		for i, n := range lines[k] {
			at := number(y.y(n))
			if i == 0 {
				fmt.Fprintf(&d, "M%s %s", number(c.x(0)), at)
			} else if at != last {
				fmt.Fprintf(&d, "H%sV%s", number(c.x(timelineOf(all[k]).at(i))), at)
			}
			last = at
		}
		fmt.Fprintf(&d, "H%s", number(c.x(all[k].Ended)))
		c.el("path", "d", d.String(), "class", "line "+policyClasses[all[k].Policy])
	}
	for k, r := range all {
		peak := 0
		for _, n := range lines[k] {
			peak = max(peak, n)
		}
		p.Legend = append(p.Legend, key{policyClasses[r.Policy], r.Policy.String() + " · " + count(peak)})
	}
	p.Picture = c.picture(id, title, legendText(p.Legend))
	return p
}

var policyClasses = map[world.Policy]string{world.Alf: "alf", world.LockedFetch: "locked", world.NoCache: "uncached"}
