package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

//go:embed page.html page.css page.js
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

func embedded(name string) string {
	content, err := files.ReadFile(name)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return string(content)
}

// HTML writes the report as a page that is complete in itself: it asks for nothing from anywhere.
func (r *Report) HTML(w io.Writer) error {
	rec := r.Recording
	data := content{
		Title: r.Title, About: r.About, Command: r.Command,
		Setting: r.setting(), Figures: r.figures(), Panels: r.panels(), Readout: r.readout(),
		Parameters: rec.Parameters.String(),
		Foot:       foot(r.Result.Stats.Virtual, r.Result.Stats.Events, r.Took),
	}
	if r.Stopped {
		data.Stop = "Interrupted after " + duration(rec.Ended) + "."
	}
	if v := r.Result.Violation; v != nil {
		data.Broken = v.Error()
	}
	for _, baseline := range r.Baselines {
		data.Costs = append(data.Costs, costOf(rec, baseline))
	}
	if len(r.Baselines) > 0 {
		data.Comparison, data.Contenders, data.Races = r.comparisonRows(), r.contenderHeads(), r.races()
	}
	return data.write(w)
}

// content is what a page shows.
type content struct {
	Title, About, Setting, Stop, Command string
	Style                                template.CSS
	Script                               template.JS
	Figures                              []figure
	Costs                                []string
	Panels, Races                        []panel
	Comparison                           []comparisonRow
	Contenders                           []contender
	Readout                              readout
	Parameters, Foot, Broken             string
}

func (c content) write(w io.Writer) error {
	c.Style, c.Script = template.CSS(embedded("page.css")), template.JS(embedded("page.js"))
	return page.Execute(w, c)
}

// figure is a number worth a glance.
type figure struct{ Value, Text, Class string }

func (r *Report) figures() []figure {
	rec := r.Recording
	s := &rec.Sum
	figures := []figure{
		{percent(got(s), s.Ended()), "of " + plural(s.Requests, "request") + " succeeded", ""},
		{count(s.Started), "token requests, " + count(rec.Peak) + " in one second at most", ""},
		{wait(rec.Waits.Quantile(0.99)), "wait for a token in 99 of 100 requests; the longest: " + wait(rec.Waits.Max()), ""},
		{count(s.Unauthorized), "responses with 401; " + plural(s.Outcomes[world.RetrySucceeded], "request") + " succeeded after the retry", ""},
		{count(s.Outcomes[world.Refused]), "requests refused unsent, for want of a token", ""},
	}
	broken := ""
	if v := r.Result.Violation; v != nil {
		broken = v.Rule
	}
	return append(figures, ruleFigure(broken, r.Result.Stats.Steps))
}

// ruleFigure says that every rule held, or which one was broken.
func ruleFigure(broken string, steps int) figure {
	if broken == "" {
		return figure{"✓", "every rule held at each of " + plural(steps, "decision"), "fine"}
	}
	return figure{"✗", "rule " + broken + " is broken", "wrong"}
}

// foot says how much was run, in how much time.
func foot(virtual time.Duration, events int, took time.Duration) string {
	return fmt.Sprintf("%s of virtual time and %s in %s.", duration(virtual), plural(events, "event"), duration(took))
}

func (r *Report) panels() []panel {
	rec := r.Recording
	return []panel{
		faultsPanel(timelineOf(rec)),
		lifetimesPanel(rec),
		fetchesPanel(rec),
		areaPanel(timelineOf(rec), rec.Samples, "waiting", "Callers waiting for a token", "At most at a time.",
			series[world.Sample]{"amber", "waiting", func(s *world.Sample) int { return s.Waiting }}),
		areaPanel(timelineOf(rec), rec.Samples, "requests", "Requests", capital(perSample(rec))+".",
			series[world.Sample]{"calm", "requests", func(s *world.Sample) int { return s.Requests }}),
		columnsPanel(timelineOf(rec), rec.Samples, "trouble", "401s and refusals", capital("per "+duration(2*rec.Step))+".", []series[world.Sample]{
			{"fair", "401 responses", func(s *world.Sample) int { return s.Unauthorized }},
			{"bad", "refused unsent", func(s *world.Sample) int { return s.Outcomes[world.Refused] }},
			{"odd", "gave up waiting", func(s *world.Sample) int { return s.Outcomes[world.Left] }},
		}),
	}
}

func (r *Report) races() []panel {
	all := r.contenders()
	return []panel{
		racePanel(all, "asked", "Token requests so far", "", true, func(s *world.Sample) int { return s.Started }),
		racePanel(all, "failed", "Failed requests so far", "", true, failed),
		racePanel(all, "queues", "Callers waiting for a token", "At most at a time.", false, func(s *world.Sample) int { return s.Waiting }),
	}
}

// comparisonRow is a measure of all policies.
type comparisonRow struct {
	Name  string
	Part  bool // of the row above
	Cells []comparisonCell
}

type comparisonCell struct {
	Text  string
	Width int // of its bar, in percent
	Class string
}

type contender struct{ Name, Class string }

func (r *Report) contenderHeads() (heads []contender) {
	for _, c := range r.contenders() {
		heads = append(heads, contender{c.Policy.String(), policyClasses[c.Policy]})
	}
	return heads
}

// comparisonRows draws bars by the logarithm: what is compared differs by orders of magnitude.
func (r *Report) comparisonRows() (rows []comparisonRow) {
	for _, m := range measures() {
		unit := 1.0
		if m.times {
			unit = 1e6 // less than a millisecond does not matter
		}
		most := 0.0
		for _, c := range r.contenders() {
			most = math.Max(most, math.Log10(1+float64(m.of(c))/unit))
		}
		row := comparisonRow{Name: strings.TrimSpace(m.name), Part: strings.HasPrefix(m.name, " ")}
		for _, c := range r.contenders() {
			cell := comparisonCell{Text: m.text(c), Class: policyClasses[c.Policy]}
			if most > 0 {
				cell.Width = int(math.Ceil(100 * math.Log10(1+float64(m.of(c))/unit) / most))
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// readout is what the page's script shows about the moment that is pointed at.
type readout struct {
	Left     float64  `json:"left"` // of the plot, as a part of the picture's width
	Right    float64  `json:"right"`
	Duration float64  `json:"duration"` // in samples
	Names    []string `json:"names"`
	Times    []string `json:"times"`
	Rows     [][]int  `json:"rows"` // a row for each name
}

func (r *Report) readout() readout {
	return readoutOf(timelineOf(r.Recording), r.Recording.Samples, []series[world.Sample]{
		{text: "requests", of: func(s *world.Sample) int { return s.Requests }},
		{text: "waiting", of: func(s *world.Sample) int { return s.Waiting }},
		{text: "401s", of: func(s *world.Sample) int { return s.Unauthorized }},
		{text: "refused", of: func(s *world.Sample) int { return s.Outcomes[world.Refused] }},
		{text: "token requests", of: func(s *world.Sample) int { return s.Started }},
	})
}

func readoutOf[S any](t timeline, samples []S, all []series[S]) readout {
	a := axis{0, t.lasts}
	out := readout{Left: plotLeft / wide, Right: plotRight / wide, Duration: float64(t.lasts) / float64(t.step)}
	for _, s := range all {
		row := make([]int, len(samples))
		for i := range samples {
			row[i] = s.of(&samples[i])
		}
		out.Names, out.Rows = append(out.Names, s.text), append(out.Rows, row)
	}
	for i := range samples {
		out.Times = append(out.Times, clock(t.at(i), min(a.step()/60, t.step)))
	}
	return out
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
