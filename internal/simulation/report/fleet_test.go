package report_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/pool"
	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/report"
)

// fleetPage is the page of a small world of many tokens.
func fleetPage(t *testing.T, change func(p *fleet.Parameters)) string {
	t.Helper()
	p := fleet.Parameters{
		Tokens: 60, Clients: 3, Limit: 8, Interval: 5 * time.Second, Lifetime: time.Minute, Latency: 20 * time.Millisecond, Duration: 4 * time.Minute,
		Phases: []fleet.Phase{
			{From: time.Minute, To: 90 * time.Second, Fault: fleet.Erroring},
			{From: 2 * time.Minute, To: 3 * time.Minute, Fault: fleet.Throttling, Client: 2, RetryAfter: 20 * time.Second},
		},
	}
	if change != nil {
		change(&p)
	}
	result, recording := fleet.Record(7, p)
	require.Nil(t, result.Violation)
	require.Equal(t, fleet.RunWith(7, p).Hash, result.Hash, "to record a world changes nothing in it")
	var page strings.Builder
	r := report.Fleet{Title: "a <small> world", About: "of many", Seed: 7, Result: result, Recording: recording, Took: time.Second, Command: "alf sim"}
	require.NoError(t, r.HTML(&page))
	return page.String()
}

func TestFleet_ThePageShowsTokensAsRows(t *testing.T) {
	page := fleetPage(t, nil)
	for _, words := range []string{
		"a &lt;small&gt; world", "60 tokens of 3 client ids", "token 0, client id 1", "40 of 60 tokens", "client id 2 on hold",
		"5xx, 30 s", "throttling, client id 2", "Token requests in flight", "every rule held",
	} {
		require.True(t, strings.Contains(page, words), words)
	}
	require.Regexp(t, `suspect from 1:\d\d min, for `, page)
	require.NotContains(t, page, "Tokens in the pool")
	require.GreaterOrEqual(t, strings.Count(page, "<circle"), 40*3)
	require.NotContains(t, page, "NaN")
	require.NotContains(t, page, "http://")
	for _, picture := range strings.Split(page, "<svg ")[1:] {
		picture = "<svg " + picture[:strings.Index(picture, "</svg>")+len("</svg>")]
		require.NoError(t, xml.Unmarshal([]byte(picture), new(struct{})), picture[:80])
	}
}

func TestFleet_ThePageOfAPool(t *testing.T) {
	page := fleetPage(t, func(p *fleet.Parameters) {
		p.Pool = pool.Policy{MaxTokens: 40, IdleTime: time.Minute}
	})
	for _, words := range []string{"60 targets of 3 client ids", "Tokens in the pool", "the limit is 40", "Tokens that made room", "target 0"} {
		require.True(t, strings.Contains(page, words), words)
	}
}
