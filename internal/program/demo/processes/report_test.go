package processes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/demo/processes"
)

// measured is a measurement without failures.
func measured(tokenRequests uint64, ms int) processes.Measured {
	return processes.Measured{TokenRequests: tokenRequests, Requests: 1000, Recovered: time.Duration(ms) * time.Millisecond}
}

// good is a report in which every promise is kept, just so.
func good() *processes.Report {
	outage := func(tokenRequests, refused uint64, ms int) processes.Measured {
		m := measured(tokenRequests, ms)
		m.Refused = refused
		return m
	}
	return &processes.Report{
		Processes: 20, Callers: 4, Requests: 12_345, Took: 41_200 * time.Millisecond,
		Acts: []processes.Act{
			{Name: "cold start", Most: 1, Shared: measured(1, 12), Separate: measured(20, 9), Single: measured(1, 2)},
			{Name: "fetch killed", Most: 2, Shared: measured(2, 1700), Separate: measured(21, 1001)},
			{Name: "fetch stopped", Most: 2, Late: true, Shared: measured(2, 1800), Separate: measured(20, 1002)},
			{Name: "endpoint down", Most: 2, Possible: 3, Outage: true, Shared: outage(12, 10, 700), Separate: outage(140, 100, 800), Single: outage(7, 5, 900)},
		},
	}
}

func TestReport_LaysTheTwoSideBySide(t *testing.T) {
	var page strings.Builder
	require.NoError(t, good().Write(&page))
	require.Equal(t, strings.TrimPrefix(`

20 processes with a store and as many without, 12,345 requests in 41.2 s

                          token requests     failed requests  last had the token
STORE                    with    without     with    without     with    without
────────────────────────────────────────────────────────────────────────────────
cold start                  1         20        0          0  12.0 ms     9.0 ms
fetch killed                2         21        0          0   1.70 s     1.00 s
fetch stopped               2         20        0          0   1.80 s     1.00 s
endpoint down              12        140        0          0   700 ms     800 ms
────────────────────────────────────────────────────────────────────────────────
all                        17        201        0          0        -          -

kept    cold start: 1 token request at most
kept    fetch killed: 2 token requests at most
kept    fetch stopped: 2 token requests at most
kept    endpoint down: at most 10 refused token requests, where one process made 5; then 1
kept    no request to the API failed
kept    none was sent more than twice
kept    a late token replaced no newer one
kept    fewer token requests than without a store
`, "\n"), page.String())
}

func TestReport_EachPromiseCanBeBroken(t *testing.T) {
	require.True(t, good().Held())
	for name, c := range map[string]struct {
		spoil func(*processes.Report)
		says  string
	}{
		"a second token request":          {func(r *processes.Report) { r.Acts[0].Shared.TokenRequests = 2 }, "BROKEN  cold start: 1 token request at most: 2 token requests"},
		"a third one":                     {func(r *processes.Report) { r.Acts[1].Shared.TokenRequests = 3 }, "BROKEN  fetch killed: 2 token requests at most: 3 token requests"},
		"too many during the outage":      {func(r *processes.Report) { r.Acts[3].Shared.Refused, r.Acts[3].Shared.TokenRequests = 11, 13 }, "made 5; then 1: 13 token requests, 11 of them refused"},
		"too many after it":               {func(r *processes.Report) { r.Acts[3].Shared.TokenRequests = 13 }, "made 5; then 1: 13 token requests, 10 of them refused"},
		"more than one could have made":   {func(r *processes.Report) { r.Acts[3].Single.Refused, r.Acts[3].Possible = 1, 9 }, "at most 9 refused token requests, where one process made 1"},
		"an outage that one did not meet": {func(r *processes.Report) { r.Acts[3].Single.Refused = 0 }, "where one process made 0; then 1: 12 token requests, 10 of them refused"},
		"a failed request": {
			func(r *processes.Report) { r.Acts[1].Shared.Failed, r.Acts[1].Shared.FirstFailure = 1, "EOF" },
			"BROKEN  no request to the API failed: 1 failed, the first with: EOF",
		},
		"one that was sent thrice": {func(r *processes.Report) { r.Thrice = 1 }, "BROKEN  none was sent more than twice: 1 were"},
		"a late token that won":    {func(r *processes.Report) { r.Acts[2].Shared.Displaced = 2 }, "BROKEN  a late token replaced no newer one: in 2 cases it did"},
		"what did not happen":      {func(r *processes.Report) { r.Unfinished = "no time" }, "BROKEN  everything happened in time: no time"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			c.spoil(r)
			require.False(t, r.Held())
			var page strings.Builder
			require.NoError(t, r.Write(&page))
			require.Contains(t, page.String(), c.says)
			require.Equal(t, 1, strings.Count(page.String(), "BROKEN"))
		})
	}
}

// What the operating system has no means for is left out, and promises nothing.
func TestReport_AnActThatWasLeftOut(t *testing.T) {
	r := good()
	r.Acts[2] = processes.Act{Name: "fetch stopped", Most: 2, Late: true, LeftOut: "this operating system cannot do it"}
	var page strings.Builder
	require.NoError(t, r.Write(&page))
	require.Contains(t, page.String(), "\nfetch stopped was left out: this operating system cannot do it\n")
	require.Regexp(t, `\nfetch stopped( +-){6}\n`, page.String())
	require.NotContains(t, page.String(), "late token")
	require.Len(t, r.Promises(), len(good().Promises())-2)
	require.True(t, r.Held())
}

// What processes without a store do is no promise.
func TestReport_PromisesNothingWithoutAStore(t *testing.T) {
	r := good()
	r.Acts[1].Separate.Failed, r.Acts[1].Separate.TokenRequests = 7, 100
	r.Acts[2].Separate.Displaced = 19
	require.True(t, r.Held())
}

// Without a store that does not work in time, each process fetches alone (D4): those token requests are not the
// protocol's. But a store that never works is of no use.
func TestD4_ReportExcusesTokenRequestsWithoutTheStore(t *testing.T) {
	r := good()
	r.Acts[0].Shared.TokenRequests, r.Acts[0].Shared.Alone = 3, 2
	r.StoreFailure = "too slow"
	require.True(t, r.Held())
	var page strings.Builder
	require.NoError(t, r.Write(&page))
	require.Contains(t, page.String(), "2 token requests made without the store, which did not work in time (D4)")
	require.Contains(t, page.String(), "the first failure of the store: too slow\n")
	require.Contains(t, page.String(), "kept    cold start: 1 token request at most, and 2 without the store\n")
	r.Acts[0].Shared.Alone = 1
	require.False(t, r.Held())

	r = good()
	outage := &r.Acts[3].Shared
	outage.Refused, outage.TokenRequests, outage.Alone = 14, 16, 4
	require.True(t, r.Held())
	outage.Refused, outage.TokenRequests = 15, 17
	require.False(t, r.Held())

	r = good()
	for i := range r.Acts {
		shared := &r.Acts[i].Shared
		*shared = r.Acts[i].Separate
		shared.Alone = shared.TokenRequests
	}
	page.Reset()
	require.NoError(t, r.Write(&page))
	require.False(t, r.Held())
	require.Contains(t, page.String(), "BROKEN  fewer token requests than without a store: 201 and 201\n")
	require.Equal(t, 1, strings.Count(page.String(), "BROKEN"))
	r.Stopped = "fetch killed"
	require.True(t, r.Held(), "it cannot be said of a part")
}

// An act that did not come to its end says so, and promises nothing else.
func TestReport_AnActThatDidNotEnd(t *testing.T) {
	r := good()
	r.Acts = r.Acts[:1]
	r.Acts[0].Shared = processes.Measured{TokenRequests: 5}
	r.Unfinished = "cold start: with the store: no time to replace the token"
	require.False(t, r.Held())
	var page strings.Builder
	require.NoError(t, r.Write(&page))
	require.Contains(t, page.String(), "BROKEN  everything happened in time: cold start: ")
	require.NotContains(t, page.String(), "kept    cold start")
}
