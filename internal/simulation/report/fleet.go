package report

import (
	"fmt"
	"io"
	"time"

	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/world"
)

// Fleet is what is shown of a world of many tokens at one endpoint.
type Fleet struct {
	Title, About string
	Seed         uint64
	Result       *fleet.Result
	Recording    *fleet.Recording
	// Took is the real time it took to run.
	Took time.Duration
	// Command makes the same report again; empty if that cannot be said.
	Command string
}

// HTML writes the report as a page that is complete in itself, as [Report.HTML] does.
func (r *Fleet) HTML(w io.Writer) error {
	p, s := &r.Result.Parameters, &r.Result.Stats
	data := content{
		Title: r.Title, About: r.About, Command: r.Command, Figures: r.figures(), Panels: r.panels(), Readout: r.readout(),
		Setting: fmt.Sprintf("%s of virtual time, %s of %s, a request for each every %s, tokens that live %s, seed %d",
			duration(r.Recording.Ended), plural(p.Tokens, r.noun()), plural(p.Clients, "client id"), duration(p.Interval), duration(p.Lifetime), r.Seed),
		Parameters: p.String(),
		Foot:       foot(s.Virtual, s.Events, r.Took),
	}
	if v := r.Result.Violation; v != nil {
		data.Broken = v.Error()
	}
	return data.write(w)
}

func (r *Fleet) pooled() bool { return r.Result.Parameters.Pool.MaxTokens > 0 }

// noun is what the rows are.
func (r *Fleet) noun() string {
	if r.pooled() {
		return "target"
	}
	return "token"
}

func (r *Fleet) figures() []figure {
	s := &r.Result.Stats
	peak := 0
	for _, n := range s.Seconds {
		peak = max(peak, n)
	}
	figures := []figure{
		{percent(s.Served, s.Served+s.Failed+s.Refused+s.Full), "of callers were served", ""},
		{count(s.Requests), "token requests, " + count(peak) + " in one second at most", ""},
		{wait(s.Longest), "the longest wait of a caller that was served", ""},
		{count(s.Failed), "callers failed with their own token", ""},
		{count(s.Refused), "callers were refused because of what others had met", ""},
	}
	if r.pooled() {
		figures = append(figures,
			figure{count(s.Evicted), "tokens made room for others", ""},
			figure{count(s.Full), "callers were refused because too many tokens were busy", ""})
	}
	broken := ""
	if v := r.Result.Violation; v != nil {
		broken = v.Rule
	}
	return append(figures, ruleFigure(broken, s.Steps))
}

// timeline is the world's, with its faults.
func (r *Fleet) timeline() timeline {
	t := timeline{lasts: r.Recording.Ended, step: r.Recording.Step}
	for _, p := range r.Result.Parameters.Phases {
		text := p.Fault.String()
		if p.Client > 0 {
			text += fmt.Sprintf(", client id %d", p.Client)
		}
		t.faults = append(t.faults, world.Fault{Span: world.Span{From: p.From, To: p.To}, Text: text, Process: -1})
	}
	return t
}

func (r *Fleet) panels() []panel {
	t, samples := r.timeline(), r.Recording.Samples
	per := capital("per "+duration(2*t.step)) + "."
	panels := []panel{
		faultsPanel(t),
		r.endpointPanel(t),
		r.rowsPanel(t),
		columnsPanel(t, samples, "fetches", "Token requests", per, []series[fleet.Sample]{
			{"good", "brought a token", func(s *fleet.Sample) int { return s.Fetched }},
			{"bad", "did not", func(s *fleet.Sample) int { return s.Broken }},
		}),
		columnsPanel(t, samples, "failures", "Callers without a token", per, []series[fleet.Sample]{
			{"bad", "failed with their own token", func(s *fleet.Sample) int { return s.Failed }},
			{"odd", "refused because of others", func(s *fleet.Sample) int { return s.Refused }},
		}),
		areaPanel(t, samples, "waiting", "Callers waiting for a token", "At most at a time.",
			series[fleet.Sample]{"amber", "waiting", func(s *fleet.Sample) int { return s.Waiting }}),
		areaPanel(t, samples, "flight", "Token requests in flight", fmt.Sprintf("At most at a time; the limit is %d.", r.Result.Parameters.Limit),
			series[fleet.Sample]{"calm", "in flight", func(s *fleet.Sample) int { return s.InFlight }}),
	}
	if r.pooled() {
		panels = append(panels,
			areaPanel(t, samples, "pool", "Tokens in the pool", fmt.Sprintf("At most at a time; the limit is %s.", count(r.Result.Parameters.Pool.MaxTokens)),
				series[fleet.Sample]{"calm", "tokens", func(s *fleet.Sample) int { return s.Tokens }}),
			columnsPanel(t, samples, "evicted", "Tokens that made room", per, []series[fleet.Sample]{
				{"fair", "evicted", func(s *fleet.Sample) int { return s.Evicted }},
			}))
	}
	return panels
}

// rowHeight is that of a row.
const rowHeight = 13.0

// endpointPanel shows what was thought of the endpoint: a row for suspicion, and one for each client id on hold.
func (r *Fleet) endpointPanel(t timeline) panel {
	rows := map[uint64]int{0: 0}
	names := []string{"suspect"}
	for _, trouble := range r.Recording.Troubles {
		if _, ok := rows[trouble.Client]; !ok && len(rows) < faultRows {
			rows[trouble.Client] = len(rows)
			names = append(names, fmt.Sprintf("client id %d on hold", trouble.Client))
		}
	}
	const lane = 20.0
	bottom := lane*float64(len(names)) + 4
	c := newCanvas(axis{0, t.lasts}, bottom+below)
	c.draw(&c.svg, 0, bottom)
	c.bands(t.faults, 0, bottom)
	for i, name := range names {
		c.text(plotLeft-8, lane*float64(i)+16, "tick end", name)
	}
	shown := 0
	for _, trouble := range r.Recording.Troubles {
		row, ok := rows[trouble.Client]
		if !ok {
			continue
		}
		shown++
		words := fmt.Sprintf("%s from %s, for %s", names[row], clock(trouble.From, c.step()/60), duration(trouble.To-trouble.From))
		x, to := c.x(trouble.From), c.x(trouble.To)
		c.titled(words, "rect", "x", x, "width", max(to-x, narrow), "y", lane*float64(row)+5, "height", lane-6, "class", "bad")
	}
	p := panel{ID: "endpoint", Title: "What was thought of the endpoint", Shared: true, Note: "While it is suspect, there is one probe per backoff for all."}
	if rest := len(r.Recording.Troubles) - shown; rest > 0 {
		p.Note += " Of further client ids, " + plural(rest, "hold") + " are not shown."
	}
	p.Picture = c.picture(p.ID, p.Title, plural(len(r.Recording.Troubles), "time")+" of trouble.")
	return p
}

// faultClass is the colour of a token request's outcome.
func faultClass(f fleet.Fault) string {
	switch f {
	case fleet.None:
		return "good"
	case fleet.Throttling:
		return "fair"
	}
	return "bad"
}

// rowsPanel shows tokens as rows: when there was one, and the requests for it.
func (r *Fleet) rowsPanel(t timeline) panel {
	rows := r.Recording.Rows
	bottom := rowHeight*float64(len(rows)) + 4
	c := newCanvas(axis{0, t.lasts}, bottom+below)
	c.draw(&c.svg, 0, bottom)
	c.bands(t.faults, 0, bottom)
	fetches := 0
	for i, row := range rows {
		y := rowHeight*(float64(i)+0.5) + 2
		if len(rows) <= 20 || i%2 == 0 {
			name := fmt.Sprintf("%s %s", r.noun(), count(row.ID))
			if row.Client > 0 {
				name += fmt.Sprintf(", client id %d", row.Client)
			}
			c.text(plotLeft-8, y+4, "tick end", name)
		}
		for _, life := range row.Lives {
			x := c.x(life.From)
			c.el("rect", "x", x, "width", max(c.x(life.To)-x, 0.5), "y", y-2, "height", 4.0, "class", "after")
		}
		for _, f := range row.Fetches {
			fetches++
			words := fmt.Sprintf("%s %d at %s: %s after %s", r.noun(), row.ID, clock(f.At, c.step()/60), outcome(f.Fault), duration(f.Took))
			c.titled(words, "circle", "cx", c.x(f.At), "cy", y, "r", 2.6, "class", "dot "+faultClass(f.Fault))
		}
	}
	p := panel{
		ID: "rows", Title: capital(r.noun()) + "s", Shared: true,
		Note:   fmt.Sprintf("%d of %s. A line while there is a token, a dot for each request for one.", len(rows), plural(r.Result.Parameters.Tokens, r.noun())),
		Legend: []key{{"good", "brought a token"}, {"fair", "throttled"}, {"bad", "failed"}},
	}
	p.Picture = c.picture(p.ID, p.Title, plural(fetches, "token request")+" for "+plural(len(rows), r.noun())+".")
	return p
}

func outcome(f fleet.Fault) string {
	if f == fleet.None {
		return "a token"
	}
	return f.String()
}

func (r *Fleet) readout() readout {
	return readoutOf(r.timeline(), r.Recording.Samples, []series[fleet.Sample]{
		{text: "served", of: func(s *fleet.Sample) int { return s.Served }},
		{text: "failed", of: func(s *fleet.Sample) int { return s.Failed }},
		{text: "refused", of: func(s *fleet.Sample) int { return s.Refused }},
		{text: "waiting", of: func(s *fleet.Sample) int { return s.Waiting }},
		{text: "token requests", of: func(s *fleet.Sample) int { return s.Fetched + s.Broken }},
	})
}
