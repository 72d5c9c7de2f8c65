package mutation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/alf-go/alf/internal/simulation/world" // what the runner is built from: a change of it is one of this test's
)

// bug is a patch: in that file of the core, one text that occurs once becomes another.
type bug struct {
	name     string
	file     string
	old, new string
}

var bugs = []bug{
	{"a stale expiry timer withdraws the token that came after", "token.go",
		"if t.token.on && t.token.publication == in.Publication {", "if t.token.on {"},
	{"a rejection need not name the current token", "callers.go",
		"if !in.Current || !t.token.on {", "if !t.token.on {"},
	{"a fixed margin, whatever the lifetime", "token.go",
		"return min(maxMargin, life/marginPart)", "return maxMargin"},
	{"no margin at all", "token.go",
		"return min(maxMargin, life/marginPart)", "return 0"},
	{"the timer set at the publication is ignored", "core.go",
		"		t.expire(in)\n", ""},
	{"two flights", "core.go",
		"	case t.flight.on:\n	case t.round.on:", "	case t.flight.on && !t.round.on:\n	case t.round.on:"},
	{"a refresh does not wait for its backoff", "core.go",
		"max(t.backoff.until, t.notBefore)", "t.notBefore"},
	{"callers do not wait for the backoff either", "backoff.go",
		"t.elapsed < t.backoff.until && (", "false && ("},
	{"the backoff does not grow", "backoff.go",
		"b.transient = min(b.transient+1, maxDoublings)", ""},
	{"Retry-After without a cap", "backoff.go",
		"min(retryAfter, maxRetryAfter)", "retryAfter"},
	{"a round without an end", "round.go",
		"t.round.attempts >= t.policy.Attempts ||", ""},
	{"no deadline for a fetch", "flight.go",
		"deadline: t.elapsed + t.policy.AttemptTimeout,", "deadline: t.elapsed + 1000*t.policy.AttemptTimeout,"},
	{"no deadline for a round", "core.go",
		"	if t.round.on && t.elapsed >= t.round.deadline {\n		t.failRound(TimedOut, false, 0)\n	}\n", ""},
	{"waiting callers get no reply", "flight.go",
		"		t.round = round{}\n		t.Release = Serve\n", "		t.round = round{}\n"},
	{"a round goes on after its token", "flight.go",
		"		t.round = round{}\n		t.Release = Serve\n", "		t.Release = Serve\n"},
	{"a caller that begins to wait fails the others", "callers.go",
		"	t.Reply = Done\n	if in.Wait {\n		t.Reply = Wait\n", "	t.Reply = Done\n	if in.Wait {\n		t.Reply, t.Release = Wait, Failed\n"},
	{"an expired token is no reason to wait", "flight.go",
		"	t.notBefore = f.began + restart\n	t.guards.arrived(t, same)\n", "	t.guards.arrived(t, same)\n"},
	{"no lifetime means forever", "token.go",
		"expiry = start.Add(t.policy.DefaultLifetime)", "expiry = start.Add(maxLifetime)"},
	{"a token that no caller reads is refreshed", "core.go",
		"		if t.read {\n", "		if t.read || true {\n"},
	{"a reader does not wake the idle manager", "core.go",
		"		t.token.dormant = false\n", ""},
	{"no guard against an API that always rejects", "guards.go",
		"if !again && !persistent {", "if true || !again && !persistent {"},
	{"fetches for rejections as fast as they come", "callers.go",
		"until = max(until, t.guards.lastFetch+restart)", "until = max(until, 0)"},
	{"abandoned fetches without a limit", "policy.go",
		"maxAbandoned      = 3", "maxAbandoned      = 1000"},
	{"the late result of an abandoned fetch counts", "flight.go",
		"if !t.flight.on || in.Flight != t.flight.id {", "if !t.flight.on {"},
	{"Close does not cancel the fetch", "core.go",
		"	if t.flight.on && !t.flight.cancelled {\n		t.cancel()\n	}\n	t.event(Event{Kind: WasClosed})", "	t.event(Event{Kind: WasClosed})"},
	{"Close leaves the token out", "core.go",
		"	if t.token.on {\n		t.withdraw()\n	}\n", ""},
	{"refreshed as soon as it arrives", "token.go",
		"return max(at, usable/2)", "return 0 * at"},
}

// TestEveryPlantedBugIsCaught builds the runner once for each bug, with the bug in, and runs it.
func TestEveryPlantedBugIsCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each bug")
	}
	core, err := filepath.Abs("../../core")
	require.NoError(t, err)
	results := make([]string, len(bugs))
	t.Run("bugs", func(t *testing.T) {
		for i, b := range bugs {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				out, err := run(t, build(t, core, b))
				var exit *exec.ExitError
				require.True(t, errors.As(err, &exit), "not caught: %s", out)
				var rule string
				var worlds int
				_, err = fmt.Sscan(out, &rule, &worlds)
				require.NoError(t, err, out)
				results[i] = fmt.Sprintf("%-58s %-6s %5d", b.name, rule, worlds)
			})
		}
	})
	t.Logf("the planted bug, the rule that was seen broken, and after how many worlds:\n%s", strings.Join(results, "\n"))
}

func TestTheRunnerFindsNothingInTheUnchangedCore(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	out, err := run(t, build(t, "", bug{}))
	require.NoError(t, err, out)
}

func run(t *testing.T, runner string) (string, error) {
	out, err := exec.CommandContext(t.Context(), runner).CombinedOutput()
	return string(out), err
}

// build builds the runner with a bug planted, which only this build's overlay holds.
func build(t *testing.T, core string, b bug) string {
	t.Helper()
	dir := t.TempDir()
	runner := filepath.Join(dir, "runner")
	args := []string{"build", "-o", runner}
	if b.file != "" {
		original := filepath.Join(core, b.file)
		source, err := os.ReadFile(original)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(source), b.old), "the place for the bug: correct the patch")
		patched := filepath.Join(dir, b.file)
		require.NoError(t, os.WriteFile(patched, []byte(strings.Replace(string(source), b.old, b.new, 1)), 0o644))
		overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: patched}})
		require.NoError(t, err)
		file := filepath.Join(dir, "overlay.json")
		require.NoError(t, os.WriteFile(file, overlay, 0o644))
		args = append(args, "-overlay", file)
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, "./runner")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return runner
}
