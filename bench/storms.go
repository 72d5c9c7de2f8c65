package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inStorms is point 5.
func inStorms(b *bench) section {
	s := section{
		title: "Storms and defects",
		text: "Token requests, the slowest caller, and how often something bad happened (the second table says what). All contestants play " +
			"the same row at the same time, on the real clock (1,000 callers: some milliseconds are the machine's). The column of alf in " +
			"virtual time is exact, and is what the goals are judged by: it must be this, to the fetch and to the nanosecond, each time. " +
			"A fetch takes 20 ms unless a row says otherwise. The libraries have their default settings, except that those which can refresh " +
			"early do so where a row is about that. A dash: the library has nothing to play that row with.\n\n" +
			"Fewest possible means: for a client that refreshes a token in use ahead of its end, and gives those who wait a round of three " +
			"attempts. Some libraries make fewer requests in some rows, because they let the token end and everyone wait, or fail " +
			"everyone at the first error: see the slowest callers, and what is bad.",
	}
	played := map[string]map[string]tally{}
	if !b.short {
		played = playReal(b)
	}
	right, inRound, total := 0, true, 0
	for _, part := range []struct {
		title string
		rows  []row
	}{{"Storms", storms}, {"Defects seen in the libraries", allDefects()}} {
		t := table{title: part.title, heads: []string{"", "alf, virtual time", "fewest possible"}}
		for _, p := range libraries {
			t.heads = append(t.heads, p.name)
		}
		bad := table{title: part.title + ": what else is counted, and why it cannot be fewer fetches", heads: []string{"", "bad is", "alf", "why"}}
		for _, r := range part.rows {
			b.step("storms")(total, len(storms)+len(allDefects()))
			exact := playVirtual(b.t, r, theClient)
			total++
			if exact == r.want {
				right++
			}
			inRound = inRound && exact.slowest <= 10*time.Second
			cells := []string{r.name, exact.cell(), count(r.want.fetches)}
			if exact != r.want {
				cells[1] += " (WRONG)"
				s.notes = append(s.notes, fmt.Sprintf("%s: expected %v, got %v", r.name, r.want, exact))
			}
			for _, p := range libraries {
				cells = append(cells, cellOf(played[r.name], p.name))
			}
			t.rows = append(t.rows, cells)
			bad.row(r.name, r.bad, count(exact.bad), r.least)
		}
		s.tables = append(s.tables, t, bad)
	}
	if !b.short {
		s.charts = append(s.charts, stormChart(played))
	}
	s.check(right == total, "the fewest possible token requests in every row, and nothing bad",
		fmt.Sprintf("%d of %d rows exactly as expected", right, total))
	s.check(inRound, "no caller slower than one round (10 s)", "in virtual time, all rows")
	b.miscounted += total - right
	return s
}

// allDefects are the rows about defects, in their order.
func allDefects() []row {
	all := slices.Concat(defects, wireDefects)
	slices.SortFunc(all, func(a, b row) int { return defectNumber(a) - defectNumber(b) })
	return all
}

func defectNumber(r row) (n int) {
	_, _ = fmt.Sscanf(r.name, "%d:", &n)
	return n
}

// can reports whether a contestant has what a row needs.
func (r *row) can(p peer) bool {
	return p.source != nil && (r.only == nil || slices.Contains(r.only, p.name))
}

func (r *row) sourceOf(p peer) func(e *endpoint, t tuning) source {
	if own := r.make[p.name]; own != nil {
		return own
	}
	return p.source
}

// playVirtual plays a row in a bubble of its own, where time is exact. Libraries that hold a lock while they fetch
// cannot be in one: the bubble does not see that those who wait for a lock wait.
func playVirtual(t *testing.T, r row, p peer) (result tally) {
	synctest.Test(t, func(*testing.T) {
		result = r.play(r.sourceOf(p))
		synctest.Wait()
	})
	return result
}

// playReal plays all rows with all contestants at once: the long ones, which mostly wait, side by side, the others one
// after the other.
func playReal(b *bench) map[string]map[string]tally {
	var mu sync.Mutex
	played := map[string]map[string]tally{}
	playRow := func(r row) {
		var group sync.WaitGroup
		for _, p := range libraries {
			if !r.can(p) {
				continue
			}
			note := func(result tally) {
				mu.Lock()
				defer mu.Unlock()
				if played[r.name] == nil {
					played[r.name] = map[string]tally{}
				}
				played[r.name][p.name] = result
			}
			if r.virtual {
				note(playVirtual(b.t, r, p))
				continue
			}
			group.Go(func() { note(r.play(r.sourceOf(p))) })
		}
		group.Wait()
	}
	rows := slices.Concat(storms, allDefects())
	for i, r := range rows {
		if !r.long {
			b.step("storms, side by side")(i, len(rows))
			playRow(r)
		}
	}
	b.step("storms, the long ones (31 s)")(len(rows), len(rows))
	var group sync.WaitGroup
	started := 0
	for _, r := range rows {
		if r.long {
			delay := time.Duration(started)
			group.Go(func() {
				time.Sleep(delay * 101 * time.Millisecond) // all the cold starts at once would be a storm of our own
				playRow(r)
			})
			started++
		}
	}
	group.Wait()
	return played
}

func (t tally) cell() string {
	cell := count(t.fetches) + " · " + rounded(t.slowest)
	if t.bad > 0 {
		cell += fmt.Sprintf(" · %s bad", count(t.bad))
	}
	return cell
}

func cellOf(results map[string]tally, name string) string {
	if t, ok := results[name]; ok {
		return t.cell()
	}
	return "–"
}

// rounded is a time with no more digits than it deserves.
func rounded(d time.Duration) string {
	switch {
	case d < 100*time.Microsecond:
		return "0"
	case d < time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(d)/1e6), ".0") + " ms"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
}

// stormChart shows the rows in which the libraries differ the most.
func stormChart(played map[string]map[string]tally) chart {
	c := chart{file: "storms", title: "Token requests in a storm", unit: "token requests", log: true}
	for _, r := range slices.Concat(storms, allDefects()) {
		g := group{name: r.name}
		least, most := 1<<62, 0
		for _, p := range libraries {
			t, ok := played[r.name][p.name]
			if !ok {
				continue
			}
			least, most = min(least, t.fetches), max(most, t.fetches)
			g.bars = append(g.bars, bar{name: p.name, value: float64(t.fetches), text: t.cell()})
		}
		if most >= 20*least && len(g.bars) > 2 {
			c.groups = append(c.groups, g)
		}
	}
	return c
}
