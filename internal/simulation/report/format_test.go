package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFiguresAreWrittenForPeople(t *testing.T) {
	for want, got := range map[string]string{
		"0":           count(0),
		"-12":         count(-12),
		"999":         count(999),
		"1,440,796":   count(1_440_796),
		"1 caller":    plural(1, "caller"),
		"0 callers":   plural(0, "caller"),
		"–":           percent(0, 0),
		"0 %":         percent(0, 3),
		"100 %":       percent(3, 3),
		"33.3 %":      percent(1, 3),
		"99.9999 %":   percent(999_999, 1_000_000),
		"99.99 %":     percent(99_990, 100_000),
		"0.0001 %":    percent(1, 1_000_000),
		"0 s":         duration(0),
		"7 ns":        duration(7),
		"83.3 ms":     duration(83333 * time.Microsecond),
		"12 µs":       duration(12 * time.Microsecond),
		"1 s":         duration(999_600 * time.Microsecond),
		"-1.5 s":      duration(-1500 * time.Millisecond),
		"5 s":         duration(5 * time.Second),
		"1 min":       duration(time.Minute),
		"11 min 52 s": duration(712 * time.Second),
		"1 h":         duration(time.Hour),
		"90 min":      duration(90 * time.Minute),
		"27 h 21 min": duration(27*time.Hour + 21*time.Minute),
		"3 d 1 h":     duration(73 * time.Hour),
		"none":        wait(0),
		"1 ms":        wait(time.Millisecond),
		"2 d":         clock(48*time.Hour, 24*time.Hour),
		"13 h":        clock(13*time.Hour, time.Hour),
		"5 min":       clock(5*time.Minute, time.Minute),
		"2 h":         clock(2*time.Hour, 30*time.Minute),
		"2:05 h":      clock(2*time.Hour+5*time.Minute, 5*time.Minute),
		"1.25 s":      clock(1250*time.Millisecond, time.Millisecond),
		"3:07 min":    clock(187*time.Second, time.Second),
		"2:03:07 h":   clock(2*time.Hour+187*time.Second, time.Second),
	} {
		require.Equal(t, want, got)
	}
}

func TestScalesEndAboveTheGreatestFigure(t *testing.T) {
	for _, most := range []int{0, 1, 2, 3, 7, 10, 37, 4001, 9506, 1_440_796} {
		for _, log := range []bool{false, true} {
			s := scaleFor(most, 10, 100, log)
			require.GreaterOrEqual(t, s.most, float64(most))
			require.Equal(t, 100.0, s.y(0))
			require.GreaterOrEqual(t, s.y(most), 10.0)
			require.LessOrEqual(t, len(s.marks()), 5)
		}
	}
}

func TestPicturesEscapeWhatTheyAreGiven(t *testing.T) {
	var s svg
	s.text(1, 2.25, "c", `a<b & "c"`)
	s.titled("<d>", "circle", "class", `"e"`, "r", 1.0)
	require.Equal(t, `<text x="1" y="2.3" class="c">a&lt;b &amp; &#34;c&#34;</text>`+
		`<circle class="&#34;e&#34;" r="1"><title>&lt;d&gt;</title></circle>`, s.String())
	require.Panics(t, func() { s.el("line", "x1", 1) }, "not a coordinate, nor a word")
}
