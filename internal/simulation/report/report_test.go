package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/report"
	"github.com/alf-go/alf/internal/simulation/scenarios"
	"github.com/alf-go/alf/internal/simulation/world"
)

var update = flag.Bool("update", false, "rewrite the golden tables")

// small is a world in which a little of everything happens.
func small() world.Plan {
	plan := scenarios.Default().Plan
	plan.Duration, plan.Callers, plan.Interval, plan.Lifetime, plan.APIs = 2*time.Hour, 40, 10*time.Second, 20*time.Minute, 2
	plan.Actions = []world.Action{
		{At: 20 * time.Minute, Do: world.Revoke},
		{At: 40 * time.Minute, Do: world.Outage, For: 25 * time.Minute, Trouble: world.Hanging},
		{At: 90 * time.Minute, Do: world.Arrive, Count: 200},
		{At: 100 * time.Minute, Do: world.Sleep, For: 5 * time.Minute},
	}
	return plan
}

// run makes a report; how long it took is given, because it must not depend on the machine.
func run(t *testing.T, plan world.Plan, baselines bool) *report.Report {
	t.Helper()
	r := &report.Report{
		Title: "a <small> world", About: "A little of everything & more.", Seed: 1, Took: 12 * time.Millisecond, Command: "alf sim --seed 1",
	}
	for _, policy := range world.Policies() {
		result, recording := world.Record(t.Context(), r.Seed, plan, world.Look{Policy: policy})
		if policy == world.Alf {
			require.Nil(t, result.Violation)
			// The core's own figures change with the core; tables are about what becomes of them.
			r.Result, r.Recording = result, recording
		} else if baselines {
			r.Baselines = append(r.Baselines, recording)
		}
	}
	return r
}

func html(t *testing.T, r *report.Report) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, r.HTML(&page))
	return page.String()
}

func text(t *testing.T, r *report.Report) string {
	t.Helper()
	var table strings.Builder
	require.NoError(t, r.Text(&table))
	return table.String()
}

func TestText_Golden(t *testing.T) {
	got := text(t, made())
	file := filepath.Join("testdata", "table.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// made is a report whose figures are given, so that its table depends on nothing but this package.
func made() *report.Report {
	recording := func(policy world.Policy, started, refused int, longest time.Duration) *world.Recording {
		r := &world.Recording{Policy: policy, Parameters: small().Parameters, Ended: 2 * time.Hour, Step: 20 * time.Second, Peak: 1 + started/1000}
		r.Sum = world.Sample{Requests: 1_440_796, Started: started, Unauthorized: 12, Waiting: 40, Longest: longest}
		r.Sum.Outcomes[world.Succeeded] = 1_440_790 - refused
		r.Sum.Outcomes[world.RetrySucceeded] = 5
		r.Sum.Outcomes[world.Refused] = refused
		r.Sum.Fetches[world.FetchNewToken] = started - 2
		r.Sum.Fetches[world.FetchTimedOut] = 2
		for range 98 {
			r.Waits.Record(0)
		}
		r.Waits.Record(longest / 2)
		r.Waits.Record(longest)
		return r
	}
	ours := recording(world.Alf, 33, 7, 133*time.Millisecond)
	ours.Causes[1], ours.Causes[2] = 1, 32
	return &report.Report{
		Title: "a small world", About: "A little of everything.", Seed: 3, Took: 963 * time.Millisecond,
		Result:    &world.Result{Stats: world.Stats{Steps: 1234, Events: 3_283_563, Virtual: 27*time.Hour + 21*time.Minute}},
		Recording: ours,
		Baselines: []*world.Recording{
			recording(world.LockedFetch, 168, 18_514, 712*time.Second), recording(world.NoCache, 1_440_796, 20_018, 5*time.Second),
		},
	}
}

func TestText_ReportsWhatIsOutOfTheOrdinary(t *testing.T) {
	r := made()
	r.Stopped, r.Baselines = true, nil
	r.Recording.Ended = 30 * time.Minute
	r.Result.Violation = &world.Violation{Rule: "M3", Text: "two at once"}
	got := text(t, r)
	require.Contains(t, got, "interrupted after 30 min\n")
	require.Contains(t, got, "BROKEN  M3: two at once\n")
	require.NotContains(t, got, "every rule held")
	require.NotContains(t, got, "no cache")
	page := html(t, r)
	require.Contains(t, page, "Interrupted after 30 min")
	require.Contains(t, page, "M3 is broken: two at once")
	require.NotContains(t, page, "under other policies")
	require.True(t, strings.HasPrefix(text(t, &report.Report{Title: "x", Result: r.Result, Recording: &world.Recording{Parameters: small().Parameters}}), "\nx\n"),
		"a world in which nothing happened has a table too")
}

// wellFormed reads the page as XML, which is stricter than any browser, and returns the text of its elements by name.
func wellFormed(t *testing.T, page string) map[string][]string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	texts := make(map[string][]string)
	ids := make(map[string]bool)
	var path []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			require.Empty(t, path)
			return texts
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			texts[token.Name.Local] = append(texts[token.Name.Local], "")
			for _, a := range token.Attr {
				require.NotContains(t, a.Value, "NaN", a.Name.Local)
				require.NotContains(t, a.Value, "Inf", a.Name.Local)
				require.False(t, strings.HasPrefix(a.Name.Local, "on"), "a handler among the attributes")
				if a.Name.Local == "id" {
					require.False(t, ids[a.Value], "%s is there twice", a.Value)
					ids[a.Value] = true
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 {
				name := path[len(path)-1]
				texts[name][len(texts[name])-1] += string(token)
			}
		}
	}
}

var link = regexp.MustCompile(`(?i)(src|href|url|action|import)\s*[=(]|https?:|//[a-z]`)

func TestHTML_IsCompleteInItself(t *testing.T) {
	page := html(t, run(t, small(), true))
	for _, found := range link.FindAllStringIndex(page, -1) {
		rest := page[found[0]:]
		require.True(t, strings.HasPrefix(rest, `href="data:,"`), "the page asks for something: %.60s", rest)
	}
	texts := wellFormed(t, page)
	require.Equal(t, []string{"a <small> world"}, texts["h1"], "what is given is escaped")
	require.Len(t, texts["figure"], 9)
	require.Len(t, texts["desc"], 9, "every picture is described in words")
	require.Len(t, texts["tr"], 11)
	require.Contains(t, page, "prefers-color-scheme: dark")
	for _, words := range []string{"all tokens revoked", "token endpoint hangs, 25 min", "200 callers at once", "asleep, 5 min"} {
		require.Contains(t, strings.Join(texts["text"], "\n"), words)
	}
	require.Contains(t, texts["p"], "Make it again: ")
}

func TestHTML_TheReadoutHasAFigureForEverySample(t *testing.T) {
	r := run(t, small(), false)
	texts := wellFormed(t, html(t, r))
	require.Len(t, texts["figure"], 6, "nothing to compare with")
	require.Len(t, texts["script"], 2)
	var samples struct {
		Left, Right, Duration float64
		Names, Times          []string
		Rows                  [][]int
	}
	require.NoError(t, json.Unmarshal([]byte(texts["script"][0]), &samples))
	require.Len(t, samples.Times, len(r.Recording.Samples))
	require.Len(t, samples.Rows, len(samples.Names))
	sum := 0
	for _, n := range samples.Rows[0] {
		sum += n
	}
	require.Equal(t, r.Recording.Sum.Requests, sum)
	require.Equal(t, "0 s", samples.Times[0])
	require.InDelta(t, 360, samples.Duration, 0.5)
}

// The worst of worlds for a page: everything happens all the time, in many processes.
func TestHTML_IsSmallHoweverMuchHappens(t *testing.T) {
	plan := small()
	plan.Processes, plan.Callers, plan.Interval, plan.Lifetime = 12, 2, 3*time.Second, 3*time.Second
	plan.Revocations, plan.Slow, plan.Stuck, plan.ExpiredOnArrival, plan.Late = 20*time.Second, 0.2, 0.1, 0.1, 0.05
	plan.Outage, plan.Troubles = 10*time.Second, []world.Trouble{world.Refusing, world.Throttling, world.Denying, world.Crawling}
	plan.Patience, plan.Manual, plan.Sleeps, plan.ClockSteps = 2*time.Second, true, true, 0.2
	page := html(t, run(t, plan, true))
	require.Less(t, len(page), 1_000_000)
	wellFormed(t, page)
}

func TestHTML_OfEveryKindOfWorld(t *testing.T) {
	for seed := range uint64(15) {
		result, recording := world.Replay(t.Context(), seed, world.Look{})
		r := &report.Report{Title: "drawn", Seed: seed, Result: result, Recording: recording}
		page := html(t, r)
		require.Less(t, len(page), 1_000_000)
		wellFormed(t, page)
		for line := range strings.Lines(text(t, r)) {
			if !strings.HasPrefix(line, "parameters") && !strings.Contains(line, "virtual time") {
				require.LessOrEqual(t, len([]rune(strings.TrimSpace(line))), 80, line)
			}
		}
	}
}
