package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTable_ForATerminalAndAsMarkdown(t *testing.T) {
	tab := table{title: "Times", heads: []string{"", "ns", "µs"}}
	tab.row("floor", "1", "22")
	tab.row("a|b", "333", "4")
	require.Equal(t, ""+
		"Times\n"+
		"        ns  µs\n"+
		"──────────────\n"+
		"floor    1  22\n"+
		"a|b    333   4\n", tab.plain())
	require.Equal(t, ""+
		"**Times**\n\n"+
		"|  | ns | µs |\n"+
		"|---|---:|---:|\n"+
		"| floor | 1 | 22 |\n"+
		"| a\\|b | 333 | 4 |\n", tab.markdown())
}

func TestNumbers_HaveThreeDigitsAndUnits(t *testing.T) {
	require.Equal(t, "1,234,567", count(1234567))
	require.Equal(t, "-1,000", count(-1000))
	require.Equal(t, "0.12", number(0.123))
	require.Equal(t, "12.3", number(12.34))
	require.Equal(t, "1,235", number(1234.6))
	require.Equal(t, "0", duration(0))
	require.Equal(t, "20.0 ms", duration(20*time.Millisecond))
	require.Equal(t, "1.50 µs", duration(1500))
	require.Equal(t, "2.00 s", duration(2*time.Second))
	require.Equal(t, "8,192 B", size(8<<10))
	require.Equal(t, "20.0 KiB", size(20<<10))
	require.Equal(t, "1 · 20 ms · 2 bad", tally{1, 2, 20 * time.Millisecond}.cell())
}

func testChart(log bool) chart {
	return chart{file: "test", title: "A < B & C", unit: "ns", log: log, groups: []group{{
		name: "1 goroutine",
		bars: []bar{{name: "floor", value: 50}, {name: "alf", value: 100}, {name: "a peer with a very long name indeed", value: 0}},
	}}}
}

func TestSVG_IsWellFormedAndItsBarsAreInProportion(t *testing.T) {
	for _, log := range []bool{false, true} {
		c := testChart(log)
		var bars []struct {
			Class string  `xml:"class,attr"`
			Width float64 `xml:"width,attr"`
		}
		picture := c.svg()
		d := xml.NewDecoder(strings.NewReader(picture))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if start, ok := tok.(xml.StartElement); ok && start.Name.Local == "rect" {
				var rect struct {
					Class string  `xml:"class,attr"`
					Width float64 `xml:"width,attr"`
				}
				require.NoError(t, d.DecodeElement(&rect, &start))
				bars = append(bars, rect)
			}
		}
		require.Len(t, bars, 3)
		require.Equal(t, []string{"f", "a", "o"}, []string{bars[0].Class, bars[1].Class, bars[2].Class})
		if !log {
			require.InDelta(t, bars[1].Width/2, bars[0].Width, 0.1)
		}
		require.Less(t, bars[0].Width, bars[1].Width)
		require.GreaterOrEqual(t, bars[2].Width, 1.0, "nothing is drawn as nothing")
		require.Contains(t, picture, "prefers-color-scheme:dark")
		require.Contains(t, picture, "A &lt; B &amp; C")
	}
}

func TestSVG_NothingLeavesThePicture(t *testing.T) {
	const perLetter = 7.2 // of the widest of the fonts, about
	c := chart{title: "t", unit: "u", groups: []group{{bars: []bar{
		{name: "x/oauth2", value: 1000, text: tally{1000, 1000, 15 * time.Second}.cell()},
		{name: "azcore", value: 3571, text: "3,571 ns, 31 allocations"},
	}}}}
	for _, b := range c.groups[0].bars {
		end := margin + labels + c.length(b.value) + 6 + perLetter*float64(len([]rune(b.text)))
		require.Less(t, end, float64(width), b.text)
		require.Less(t, perLetter*float64(len([]rune(short("owner asked every time")))), float64(labels))
	}
}

func TestWrite_PutsResultsAndPicturesInPlace(t *testing.T) {
	dir := t.TempDir()
	s := section{title: "Reading", text: "How.", charts: []chart{testChart(false)}, notes: []string{"Beware."}, before: "It was 1.5."}
	s.check(false, "fast", "1.2")
	s.tables = append(s.tables, table{heads: []string{"", "ns"}, rows: [][]string{{"alf", "1"}}})
	require.NoError(t, write(dir, machine{processor: "some processor", cores: 2, goVersion: "go1.26"}, []section{s}))
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	require.NoError(t, err)
	for _, part := range []string{"some processor, 2 cores", "## Reading", "| fast | MISSED | 1.2 |", "](test.svg)", "| alf | 1 |", "Beware.", "It was 1.5.", "Goals: 1 MISSED."} {
		require.Contains(t, string(text), part)
	}
	picture, err := os.ReadFile(filepath.Join(dir, "test.svg"))
	require.NoError(t, err)
	require.Contains(t, string(picture), "</svg>")
	require.Error(t, write(filepath.Join(dir, "missing"), machine{}, []section{s}))
}

func TestUpdate_ReplacesWhatWasMeasuredAgain(t *testing.T) {
	dir := t.TempDir()
	measured := func(title string, reached bool) section {
		s := section{title: title, text: "How."}
		s.check(reached, "fast", title)
		return s
	}
	require.NoError(t, write(dir, machine{}, []section{measured("First", true), measured("Second", false), measured("Third", true)}))
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 2 { // no blank line more at each time
		require.NoError(t, update(dir, day, []section{measured("Second", true), measured("Third", false), measured("Fourth", true)}))
	}
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	require.NoError(t, err)
	_, text, _ = bytes.Cut(text, []byte("Goals: "))
	summary, sections, _ := strings.Cut(string(text), "\n## ")
	require.True(t, strings.HasPrefix(summary, "3 met, 1 MISSED.\n"), summary)
	table := "\n\nHow.\n\n| goal | | numbers |\n|---|---|---|\n| fast | "
	again := "\nMeasured by itself on 2026-01-02.\n"
	require.Equal(t, "First"+table+"met | First |\n\n## Second"+table+"met | Second |\n"+again+"\n## Third"+table+"MISSED | Third |\n"+again+
		"\n## Fourth"+table+"met | Fourth |\n"+again, sections)
	require.Error(t, update(t.TempDir(), day, nil))
}

func TestGoals_OfAShortRunAreThoseOnCounts(t *testing.T) {
	var times, counts section
	times.check(true, "fast", "1")
	times.check(false, "faster", "2")
	counts.check(true, "few", "3")
	require.Equal(t, "Goals: 2 met, 1 MISSED.", summary([]section{times, counts}))
	times.clearGoals()
	require.Equal(t, "Goals: 1 met, 2 not decided.", summary([]section{times, counts}))
}

func TestMachine_ReportsTheVersionOfEveryLibrary(t *testing.T) {
	m := thisMachine()
	require.Len(t, m.modules, len(libraries)-1)
	for _, module := range m.modules {
		require.NotEmpty(t, module[1], module[0])
		require.Contains(t, m.String(), module[0]+" "+module[1])
	}
}

func TestFlags_WrongOnesAreRefusedWithTheRemedy(t *testing.T) {
	o, err := parse([]string{"--only", "read,storms", "--rounds", "0.5"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{only: []string{"read", "storms"}, factor: 0.5}, o)
	for args, remedy := range map[string]string{
		"--only nothing": "use read, send",
		"--rounds 0":     "above 0",
		"--rounds NaN":   "above 0",
		"read":           "only flags",
	} {
		_, err := parse(strings.Fields(args), io.Discard)
		require.ErrorContains(t, err, remedy)
	}
}

func TestProgress_IsALineThatTakesItselfAway(t *testing.T) {
	var out strings.Builder
	p := &progress{to: &out, live: true, began: time.Now()}
	p.say("read", "1 of 2")
	p.say("read", "1 of 2")
	p.clear()
	require.Equal(t, 1, strings.Count(out.String(), "read: 1 of 2"))
	require.True(t, strings.HasSuffix(out.String(), "\r"))
	out.Reset()
	p.live, p.point = false, ""
	p.say("read", "1 of 2")
	p.say("read", "2 of 2")
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
}

func TestIdleManager_HasOneTimer(t *testing.T) {
	require.Equal(t, 1, idleTimers())
}
