package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/simulation/explore"
	"github.com/alf-go/alf/internal/simulation/fleet"
	"github.com/alf-go/alf/internal/simulation/hunt"
	"github.com/alf-go/alf/internal/simulation/world"
)

// sim runs a command whose world is small, unless the arguments say otherwise.
func sim(t *testing.T, args ...string) result {
	t.Helper()
	return alfIn(t, invocation{}, append([]string{"sim"}, args...)...)
}

var smallWorld = []string{"--duration", "10m", "--callers", "20", "--interval", "10s", "--lifetime", "2m"}

func TestSim_RunsAWorldFromFlags(t *testing.T) {
	r := sim(t, append(smallWorld, "--outage", "3m+2m:refusing", "--outage", "6m+30s:hanging", "--revoke", "8m", "--seed", "7")...)
	require.Equal(t, exit.OK, r.code)
	require.Empty(t, r.err, "no progress but on a terminal")
	for _, words := range []string{
		"a world made to order", "10 min of virtual time, 20 callers, tokens that live 2 min, seed 7",
		"succeeded at once", "because of: rejection", "brought: a failure", "every rule held at each of",
	} {
		require.Contains(t, r.out, words)
	}
	require.NotContains(t, r.out, "no cache")
	again := sim(t, append(smallWorld, "--outage", "3m+2m:refusing", "--outage", "6m+30s:hanging", "--revoke", "8m", "--seed", "7")...)
	require.Equal(t, untimed(r.out), untimed(again.out))
}

// untimed drops the line that says how long it took.
func untimed(out string) string {
	head, _, _ := strings.Cut(out, "\nparameters: ")
	return head
}

func TestSim_RunsAScenario(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"name": "mine", "about": "my own world", "duration": "10m", "callers": 20, "interval": "10s",
		"actions": [{"at": "3m", "do": "revoke"}]}`), 0o600))
	r := sim(t, "--scenario", path, "--compare")
	require.Equal(t, exit.OK, r.code)
	require.True(t, strings.HasPrefix(r.out, "\nmine\nmy own world\n"))
	require.Contains(t, r.out, "THE SAME CALLERS AND FAULTS")
	require.Contains(t, r.out, "lock over the fetch")
	require.Contains(t, r.out, "no cache")

	changed := sim(t, "--scenario", path, "--callers", "10")
	require.Contains(t, changed.out, "mine, with changes")
	require.Contains(t, changed.out, "10 callers")

	named := sim(t, "--scenario", "always-401", "--duration", "2m")
	require.Contains(t, named.out, "an API that always responds with 401")
	require.Contains(t, named.out, "401 handed to the caller")
}

// TestSim_WritesAReportOfManyTokens: a world of many tokens has a page, too.
func TestSim_WritesAReportOfManyTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million events")
	}
	path := filepath.Join(t.TempDir(), "out.html")
	r := sim(t, "--scenario", "tenants-that-come-and-go", "--report", path)
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "tokens created ")
	require.Contains(t, r.err, "the report is in "+path)
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(page), "alf sim --scenario tenants-that-come-and-go --report "+path), "how to make it again")
	require.True(t, strings.Contains(string(page), "Tokens in the pool"))

	r = sim(t, "--scenario", "tenants-that-come-and-go", "--trace")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "it goes with --seed and --report alone")
}

func TestSim_WritesAReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.html")
	r := sim(t, append(smallWorld, "--report", path)...)
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "no cache", "a report compares")
	require.Contains(t, r.err, "the report is in "+path)
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	command := "alf sim --report " + path + " --duration 10m0s --callers 20 --interval 10s --lifetime 2m0s"
	require.True(t, strings.Contains(string(page), command), "how to make it again")

	r = sim(t, append(smallWorld, "--report", filepath.Join(path, "below"))...)
	require.Equal(t, exit.Broken, r.code)
	require.Contains(t, r.err, "writing the report")
}

func TestSim_ReplaysASeed(t *testing.T) {
	r := sim(t, "--seed", "12", "--trace")
	require.Equal(t, exit.OK, r.code)
	trace := world.Run(12, true).Trace
	require.True(t, strings.HasPrefix(r.out, strings.Join(trace, "\n")+"\n\nthe world of seed 12\n"))
	require.NotContains(t, sim(t, "--seed", "12").out, trace[0])
	require.Contains(t, sim(t, "--seed", "12", "--compare").out, "the world of seed 12, paced")
}

func TestSim_HuntsOverSeeds(t *testing.T) {
	r := sim(t, "--seeds", "6", "--first", "3")
	require.Equal(t, exit.OK, r.code)
	for _, words := range []string{
		"6 worlds, each run twice: every rule held, and both traces were the same", "VIRTUAL TIME", "events a second and core", "of 49 reached", "never   ",
	} {
		require.Contains(t, r.out, words)
	}
	require.Contains(t, sim(t, "--seeds", "2", "--once").out, "2 worlds: every rule held in each")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = alfIn(t, invocation{ctx: ctx}, "sim", "--seeds", "1000000")
	require.Equal(t, exit.Interrupted, r.code)
	require.Contains(t, r.out, "0 worlds until the interruption")
}

func TestSim_TheTableOfAHuntThatFailed(t *testing.T) {
	var out strings.Builder
	require.NoError(t, writeHunt(&out, &hunt.Result{Seeds: 12, Failure: &hunt.Failure{Seed: 9}, Took: time.Second, Workers: 1}, false, false))
	require.Contains(t, out.String(), "12 worlds until seed 9 failed\n")
	require.NotContains(t, out.String(), "every rule held")

	out.Reset()
	writeViolation(&out, &world.Violation{Seed: 9, Rule: "M3", Text: "two at once", Last: []string{"one", "two"}}, "go run ./cmd/alf sim --seed 9 --trace")
	require.Contains(t, out.String(), "M3 is broken: two at once\n")
	require.Contains(t, out.String(), "replay      go run ./cmd/alf sim --seed 9 --trace\n")
	require.Contains(t, out.String(), "    one\n    two\n")
}

func TestSim_AnInterruptShowsWhatThereIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := alfIn(t, invocation{ctx: ctx}, append([]string{"sim", "--compare"}, smallWorld...)...)
	require.Equal(t, exit.Interrupted, r.code)
	require.Contains(t, r.out, "interrupted after ")
	require.NotContains(t, r.out, "no cache")
}

func TestSim_Explores(t *testing.T) {
	var out strings.Builder
	p := &program{stdout: &out, stderr: &out, env: environmentOf(nil)}
	tiny := explore.World{Name: "tiny", Callers: 1, Draws: []float64{0.5}, Fetches: 1, Responses: []explore.Response{{Kind: explore.Permanent}}}
	require.NoError(t, p.exploreAll(t.Context(), append(oneToken([]explore.World{tiny, tiny}), pools(fleet.SmallPools()[2:3])...)))
	require.Regexp(t, `(?m)^tiny +\d+ +\d+ +\d+ +`, out.String())
	require.Regexp(t, `(?m)^TWO KEYS IN A POOL\ntwo slots, one busy +[\d,]+ +[\d,]+ +\d+ +`, out.String())
	require.Regexp(t, `(?m)^all +[\d,]+ +[\d,]+ +\d+ +`, out.String())
	require.Contains(t, out.String(), "every rule held in every state")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, visited{states: 2, transitions: 3, depth: 1, broken: "P4", text: "P4 is broken: so"},
		visitedBy(fleet.Found{States: 2, Transitions: 3, Depth: 1, Violation: errors.New("P4 is broken: so")}))
	require.Error(t, p.exploreAll(ctx, oneToken([]explore.World{tiny})))
	require.Contains(t, out.String(), "tiny, in part")
}

func TestSim_ErrorsNameTheFlagAndTheRemedy(t *testing.T) {
	for _, wrong := range []struct {
		args, want string
	}{
		{"--callers many", `--callers is "many": must be a whole number`},
		{"--late 2", "--late: is 2: must be from 0 to 1"},
		{"--api-latency -1s", "--api-latency: is -1s: must not be negative"},
		{"--always-401 --apis 0", "--apis: is 0: must be 1 at least"},
		{"--troubles sulking", `--troubles: unknown trouble "sulking": use refusing, hanging`},
		{"--outages 1m", "--outages: is 1m0s, but troubles is empty: say what the trouble is"},
		{"--outage noon", `--outage: "noon" is not of the form 12h+20m:refusing`},
		{"--outage 25h+1m:hanging", "actions[0] (outage): at is 25h0m0s: must be within the duration, 24h0m0s"},
		{"--scenario nowhere.json", "nowhere.json: there is no such file, nor a scenario of that name: use a path, or always-401, fleet"},
		{"--seeds 0", "--seeds is 0: must be 1 at least"},
		{"--seeds 2 --first 18446744073709551615", "--first is too large"},
		{"--seeds 2 --trace", "--trace does not go with --seeds: leave one of them out"},
		{"--seeds 2 --lifetime 1m", "--lifetime does not go with --seeds: leave one of them out"},
		{"--explore --seed 2", "--seed does not go with --explore: leave one of them out"},
		{"--first 3", "say through how many seeds by --seeds"},
		{"--large", "--large is for exploring: add --explore"},
		{"--outrage 1h", "there is no flag --outrage: did you mean --outage?"},
		{"service-day", `unexpected argument "service-day"`},
	} {
		r := sim(t, strings.Fields(wrong.args)...)
		require.Equal(t, exit.Usage, r.code, wrong.args)
		require.Contains(t, r.err, wrong.want, wrong.args)
		require.Empty(t, r.out, wrong.args)
	}
}

func TestSim_TroublesAreAList(t *testing.T) {
	r := sim(t, append(smallWorld, "--outages", "1m", "--troubles", "refusing,hanging", "--troubles", "denying", "--crowds", "5", "--sleeps")...)
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "Troubles=[refusing hanging denying]")
	require.Contains(t, r.out, "Burst=5")
	require.Contains(t, r.out, "Sleeps=true")
}

func TestSim_ProgressIsALine(t *testing.T) {
	require.Equal(t, "alf                  ██████████████░░░░░░░░░░░░░░  50 %  12h of 24h", progressLine("alf", 0.5, "12h of 24h"))
	require.Contains(t, progressLine("a name that is much too long", 2, ""), "████████████████████████████ ")
}
