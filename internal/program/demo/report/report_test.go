package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/report"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/program/demo/tally"
	"github.com/alf-go/alf/manager"
)

// kept is a report of a run in which every promise was.
func kept() *report.Report {
	var steady, revoked, outage tally.Tally
	for range 1234 {
		steady.Served.Record(200*time.Microsecond, 163)
	}
	for range 10 {
		revoked.Retried.Record(20*time.Millisecond, 4*time.Millisecond)
	}
	for range 5 {
		outage.Refused.Record(6*time.Microsecond, 2*time.Microsecond)
	}
	purposes := journal.Purposes{Cold: 1, Refreshes: 4, Revoked: 1, Probes: 6}
	return &report.Report{
		Callers: 10, Lifetime: 3 * time.Second, Took: 12345 * time.Millisecond,
		Acts: []report.Act{
			{Name: "steady traffic", Tally: &steady}, {Name: "token revoked", Tally: &revoked}, {Name: "long outage", Tally: &outage},
		},
		API: server.Counts{Served: 1244, Revoked: 10}, TokenRequests: 12,
		Client: alf.Stats{Stats: manager.Stats{Fetches: 12}, Unauthorized: 10, Unsent: 5},
		Made:   purposes, Fewest: purposes,
	}
}

const written = `
10 callers, 1,249 requests in 12.3 s, tokens that live 3.00 s

REQUESTS             made  failed  refused   retried   served at once    longest
                                    unsent after 401      p50     p99 token wait
────────────────────────────────────────────────────────────────────────────────
steady traffic      1,234       0        0         0   200 µs  200 µs     163 ns
token revoked          10       0        0        10        -       -     4.0 ms
long outage             5       0        5         0        -       -          -
────────────────────────────────────────────────────────────────────────────────
all                 1,249       0        5        10   200 µs  200 µs     4.0 ms

TIME                          of the whole request  of it, waiting for the token
                           p50       p99   slowest       p50       p99   slowest
────────────────────────────────────────────────────────────────────────────────
served at once          200 µs    200 µs    200 µs    163 ns    163 ns    163 ns
retried after a 401    20.0 ms   20.0 ms   20.0 ms    4.0 ms    4.0 ms    4.0 ms
refused                 6.0 µs    6.0 µs    6.0 µs    2.0 µs    2.0 µs    2.0 µs

TOKEN REQUESTS                                          made     fewest possible
────────────────────────────────────────────────────────────────────────────────
cold start                                                 1                   1
refreshes at the refresh time                              4                   4
replacements of a revoked token                            1                   1
probes of the endpoint while it failed                     6                   6
────────────────────────────────────────────────────────────────────────────────
all, as the token endpoint counted them                   12                  12

kept    no request failed, except those refused while there was no token
kept    a request without a valid token is refused and not sent
kept    after every 401 the retry succeeded, and no request was sent thrice
kept    callers, client and servers have counted the same
`

func TestWrite_LinesUpInEightyColumns(t *testing.T) {
	var out strings.Builder
	r := kept()
	require.True(t, r.Held())
	require.NoError(t, r.Write(&out))
	require.Equal(t, written, out.String())

	r.Acts[0].Failed.Add(100_000)
	r.Stopped, r.Made.Other = "steady traffic", 1
	out.Reset()
	require.NoError(t, r.Write(&out))
	require.Contains(t, out.String(), "interrupted during: steady traffic\n")
	require.Contains(t, out.String(), "others ")
	for line := range strings.Lines(out.String()) {
		require.True(t, utf8.RuneCountInString(line) <= 81 || strings.HasPrefix(line, "BROKEN"), line)
	}
}

// TestWrite_ReportsWhatTokensAreBoundTo: a token request that learns a nonce costs another, which the client counts as
// one attempt.
func TestWrite_ReportsWhatTokensAreBoundTo(t *testing.T) {
	r := bound()
	require.True(t, r.Held())
	var out strings.Builder
	require.NoError(t, r.Write(&out))
	for _, part := range []string{
		`
10 callers, 1,249 requests in 12.3 s, tokens that live 3.00 s
the client authenticates by private_key_jwt
its tokens are bound to a key

REQUESTS`, `
PROOFS                                              accepted     lacking a nonce
────────────────────────────────────────────────────────────────────────────────
token endpoint                                             6                   2
API                                                    1,254                   7

TOKEN REQUESTS`, `
repeated with the nonce that was required                  2                   1
────────────────────────────────────────────────────────────────────────────────
all, as the token endpoint counted them                   14                  13
`, `
kept    callers, client and servers have counted the same
kept    every request showed what its token is bound to
`,
	} {
		require.Contains(t, out.String(), part)
	}
}

// bound is a report of a run with DPoP, in which one request for a nonce was needless.
func bound() *report.Report {
	r := kept()
	r.Authentication, r.Bound = []string{"authenticates by private_key_jwt", "its tokens are bound to a key"}, true
	r.TokenRequests = 14
	r.Proofs = &report.Proofs{
		Auth: server.Proofs{Accepted: 6, Challenged: 2, Unavoidable: 1}, API: server.Proofs{Accepted: 1254, Challenged: 7},
	}
	return r
}

func TestWrite_ReturnsTheError(t *testing.T) {
	require.Error(t, kept().Write(broken{}))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestHeld_WhatIsBoundMustBeShown(t *testing.T) {
	for says, spoil := range map[string]func(r *report.Report){
		"1 did not":            func(r *report.Report) { r.API.Unbound = 1; r.Client.Unauthorized++ },
		"server 15, client 14": func(r *report.Report) { r.TokenRequests++ },
		"server 14, client 13": func(r *report.Report) { r.Proofs.Auth.Challenged-- },
	} {
		t.Run(says, func(t *testing.T) {
			r := bound()
			spoil(r)
			require.False(t, r.Held())
			var out strings.Builder
			require.NoError(t, r.Write(&out))
			require.Equal(t, 1, strings.Count(out.String(), "BROKEN  "))
			require.Contains(t, out.String(), says)
		})
	}
}

func TestHeld_EveryPromiseCanBeBroken(t *testing.T) {
	for says, spoil := range map[string]func(r *report.Report){
		"1 failed, the first with: reset by peer": func(r *report.Report) {
			r.Acts[0].Failed.Add(1)
			r.FirstFailure = errors.New("reset by peer")
		},
		"1 sent without one":           func(r *report.Report) { r.API.Unauthorized = 1; r.Client.Unauthorized++ },
		"5 refused, of which 4 unsent": func(r *report.Report) { r.Client.Unsent = 4 },
		"10 succeeded of 11":           func(r *report.Report) { r.API.Revoked++; r.Client.Unauthorized++ },
		"1 sent more than twice":       func(r *report.Report) { r.API.Thrice = 1 },
		"API 1,245, callers 1,244":     func(r *report.Report) { r.API.Served++ },
		"server 13, client 12":         func(r *report.Report) { r.TokenRequests++ },
		"API 10, client 9":             func(r *report.Report) { r.Client.Unauthorized-- },
		"it took longer than 18.5s":    func(r *report.Report) { r.Unfinished = "it took longer than 18.5s" },
	} {
		t.Run(says, func(t *testing.T) {
			r := kept()
			spoil(r)
			require.False(t, r.Held())
			var out strings.Builder
			require.NoError(t, r.Write(&out))
			require.Equal(t, 1, strings.Count(out.String(), "BROKEN  "))
			require.Contains(t, out.String(), says)
		})
	}
}
