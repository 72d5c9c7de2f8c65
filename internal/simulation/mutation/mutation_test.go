package mutation_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/alf-go/alf/internal/simulation/world" // what the runner is built from: a change of it is one of this test's
)

// bug is a patch: in that file of the core, one text that occurs once becomes another.
type bug struct {
	name     string
	file     string // from the core's folder
	old, new string
}

var bugs = []bug{
	{"a stale expiry timer withdraws the token that came after", "token.go",
		"if s.token.on && s.token.publication == in.Publication {", "if s.token.on {"},
	{"a rejection need not name the current token", "rejections.go",
		"if !in.Current || !s.token.on || in", "if !s.token.on || in"},
	{"a fixed margin, whatever the lifetime", "token.go",
		"return min(maxMargin, life/marginPart)", "return maxMargin"},
	{"no margin at all", "token.go",
		"return min(maxMargin, life/marginPart)", "return 0"},
	{"the timer set at the publication is ignored", "core.go",
		"		s.expire(in)\n", ""},
	{"two flights", "core.go",
		"	case s.flight.on:\n", "	case s.flight.on && !s.round.on:\n"},
	{"a refresh does not wait for its backoff", "core.go",
		"max(s.backoff.until, s.notBefore)", "s.notBefore"},
	{"callers do not wait for the backoff either", "backoff.go",
		"return s.elapsed < s.backoff.until && s.backoff.kind >= waiting", "return false"},
	{"the backoff does not grow", "backoff.go",
		"b.transient = min(b.transient+1, maxDoublings)", ""},
	{"Retry-After without a cap", "backoff.go",
		"min(r.RetryAfter, maxRetryAfter)", "r.RetryAfter"},
	{"a round without an end", "round.go",
		"s.round.attempts >= s.policy.Attempts ||", ""},
	{"no deadline for a fetch", "flight.go",
		"deadline: s.elapsed + s.policy.AttemptTimeout,", "deadline: s.elapsed + 1000*s.policy.AttemptTimeout,"},
	{"no deadline for a round", "core.go",
		"	if s.round.on && !s.flight.queued && s.elapsed >= s.round.deadline {\n		s.failRound(TimedOut, Result{})\n	}\n", ""},
	{"waiting callers get no reply", "flight.go",
		"		s.round = round{}\n		s.Release = Serve\n", "		s.round = round{}\n"},
	{"a round goes on after its token", "flight.go",
		"		s.round = round{}\n		s.Release = Serve\n", "		s.Release = Serve\n"},
	{"a caller that begins to wait fails the others", "rejections.go",
		"	s.Reply = Done\n	if in.Wait {\n		s.Reply = Wait\n", "	s.Reply = Done\n	if in.Wait {\n		s.Reply, s.Release = Wait, Failed\n"},
	{"an expired token is no reason to wait", "flight.go",
		"	s.notBefore = f.began + restart\n	s.Publication", "	s.Publication"},
	{"no lifetime means forever", "token.go",
		"expiry = start.Add(s.policy.DefaultLifetime)", "expiry = start.Add(maxLifetime)"},
	{"a token that no caller reads is refreshed", "core.go",
		"		if s.read {\n", "		if s.read || true {\n"},
	{"a reader does not wake the idle manager", "core.go",
		"	case RefreshHint:\n		s.token.idle = false\n", "	case RefreshHint:\n"},
	{"no guard against an API that always rejects", "guards.go",
		"		on: true, whole: now,\n", "		whole: now,\n"},
	{"fetches for rejections as fast as they come", "guards.go",
		"return gs.lastFetch + restart", "return gs.lastFetch"},
	{"abandoned fetches without a limit", "policy.go",
		"maxAbandoned = 3", "maxAbandoned = 1000"},
	{"the late result of an abandoned fetch counts", "flight.go",
		"if !s.flight.running() || in.Flight != s.flight.id {", "if !s.flight.running() {"},
	{"Close does not cancel the fetch", "core.go",
		"	case s.flight.on && !s.flight.cancelled:\n		s.cancel()\n", ""},
	{"Close leaves the token out", "core.go",
		"	if s.token.on {\n		s.withdraw()\n	}\n", ""},
	{"refreshed as soon as it arrives", "token.go",
		"return max(min(at, latest), usable/2)", "return 0 * at"},
	{"a rejection takes the token from all origins", "contest.go",
		"	return origin == 0 || c.origins[0] == 0 || c.has(origin)\n", "	return true\n"},
	{"an origin keeps the token that it rejected", "contest.go",
		"		return origin != 0 && c.has(origin)\n", "		return false\n"},
	{"the contested value ends the contest", "token.go",
		"	if !same {\n		id = s.nextToken()\n		s.endContest()\n	}", "	s.endContest()\n	if !same {\n		id = s.nextToken()\n	}"},
	{"an allowance without an end", "guards.go",
		"	g.whole = max(g.whole, now) + allowanceEvery\n", "	g.whole = now\n"},
	{"fetches for a longer life as fast as they come", "callers.go",
		"return s.token.arrived + restart", "return s.token.arrived"},
	{"a caller that wants a longer life gets what there is", "callers.go",
		"case s.token.on && !contested && !tooShort:", "case s.token.on && !contested:"},
	{"a watched token becomes idle", "core.go",
		"read: in.Read || in.Watched, ", "read: in.Read, "},
	{"a watched token is lost for good", "core.go",
		"	s.settleWatched()\n", ""},
	{"watchers do not hear of an outage", "watch.go",
		"		s.Notify = Failed\n", ""},
	{"watchers hear of an outage again and again", "watch.go",
		"s.watched && !s.token.on && !s.outageNotified {", "s.watched && !s.token.on {"},
	{"watchers hear of an outage while the token is usable", "watch.go",
		"s.watched && !s.token.on && !s.outageNotified {", "s.watched && !s.outageNotified {"},
	{"a successor that ends an outage is no news", "watch.go",
		"	if news {\n", "	if news && s.Release == None {\n"},
	{"watchers get every attempt of a caller's round", "round.go",
		"s.round.unattended && s.outageNotified", "false"},
	{"watchers have expired tokens fetched once a second", "flight.go",
		"	case !s.token.on && !s.watched:\n", "	case !s.token.on:\n"},
	{"an expired value is asked for again and again", "flight.go",
		"	s.repeated = true\n", ""},
	{"a token from elsewhere is adopted though it was rejected", "offered.go",
		"s.closed || in.Rejected ||", "s.closed ||"},
	{"a contested token from elsewhere is adopted", "offered.go",
		"|| len(s.contest.origins) > 0) {", ") {"},
	{"a token from elsewhere is adopted though it has expired", "offered.go",
		"	if s.left(f, life) <= 0 {\n		return\n	}\n", ""},
	{"a token from elsewhere does not release the round", "offered.go",
		"	s.arrive(f, life, same)\n", "	r := s.round\n	s.round = round{}\n	s.arrive(f, life, same)\n	s.round = r\n"},
	{"a stale fetch replaces the newer token", "flight.go",
		"	if f.stale {\n		s.staleEnded(f)\n		return\n	}\n", ""},
	{"a stale fetch serves the next rejection", "offered.go",
		"f.stale, f.reported = true, true", "f.stale = true"},
	{"the lifetime of a token from elsewhere counts from its arrival", "offered.go",
		"	f.began = s.elapsed - s.wall.Sub(f.start)\n", "	f.start, f.began = s.wall, s.elapsed\n"},
}

// shared are bugs of tokens at one endpoint, which worlds of many tokens have to catch.
var shared = []bug{
	{"a shared hold leaks to another client id", "endpoint/client.go",
		"func (s *step) onHold(c *client) bool { return s.elapsed < c.hold && !s.alone() }",
		"func (s *step) onHold(c *client) bool {\n	for _, other := range s.clients {\n		if s.elapsed < other.hold {\n			return !s.alone()\n		}\n	}\n	return false\n}"},
	{"the time in the queue counts as an attempt's", "queued.go",
		"		s.flight.deadline = min(s.flight.deadline, r.deadline)\n", "		s.flight.deadline = max(f.began+s.policy.AttemptTimeout, s.elapsed+1)\n"},
	{"the time in the queue counts as a round's", "queued.go",
		"		r.deadline = s.elapsed + s.policy.RoundTimeout\n", "		r.deadline = f.began + s.policy.RoundTimeout\n"},
	{"a second probe", "endpoint/health.go",
		"	case h.probing:\n		return 0, false\n", ""},
	{"a probe sooner than its backoff", "endpoint/health.go",
		"	case s.elapsed >= h.urgentAt:\n		return urgent, true\n	}\n	return manual, true", "	}\n	return urgent, true"},
	{"a lost queue entry", "endpoint/notices.go",
		"	s.enqueue(t, missing)\n", "	c := t.client\n	t.level = missing\n	c.waiting++\n"},
	{"a refresh is lost when callers want it", "endpoint/queue.go",
		"	default:\n		s.dequeue(t)\n	}\n	s.enqueue(t, l)\n", "	default:\n		s.dequeue(t)\n		delete(s.tickets, t.id)\n		s.place(t.client)\n		return\n	}\n	s.enqueue(t, l)\n"},
	{"refused credentials make the endpoint suspect", "endpoint/health.go",
		"	switch in.Outcome {\n	case NoEvidence:\n", "	if in.Outcome == Works && in.Backoff > 0 {\n		in.Outcome = ServerError\n	}\n	switch in.Outcome {\n	case NoEvidence:\n"},
	{"one client id's trouble makes the endpoint suspect", "endpoint/health.go",
		"	if h.n < s.enough() {\n		return\n	}\n	h.suspect", "	h.suspect"},
	{"a success does not clear suspicion", "endpoint/health.go",
		"	s.health = health{}\n", "	s.health.n = 0\n"},
	{"one client id takes the whole limit", "endpoint/client.go",
		"		return max(limit/sharePart, 1)\n", "		return limit\n"},
	{"a limit that is exceeded", "endpoint/queue.go",
		"for s.inFlight < s.policy.MaxInFlight {", "for s.inFlight <= s.policy.MaxInFlight {"},
	{"an abandoned request keeps its place for good", "flight.go",
		"	s.flight = flight{}\n	s.Freed = true\n	s.abandoned++\n", "	s.flight = flight{}\n	s.abandoned++\n"},
	{"callers do not learn that waiting helps again", "endpoint/notices.go",
		"			s.lifted = append(s.lifted, t.id)\n", ""},
}

// pooled are bugs of tokens in a pool, which worlds of pools have to catch.
var pooled = []bug{
	{"an eviction replies to no caller", "core.go",
		"	s.Release, s.Notify = Shut, Shut\n", "	s.Notify = Shut\n"},
	{"two owners for one token", "pool/pool.go",
		"	if t := m.index.Find(key); t != none {\n", "	if t := m.index.Find(key); t != none && m.place(t).state == idle {\n"},
	{"a hidden difference between targets is ignored", "pool/key.go",
		"		h.Write(n[:])\n", ""},
	{"a token that callers wait for makes room", "pool/life.go",
		"!s.Resting || s.Waiting || s.Watched", "s.Watched"},
	{"a watched token makes room", "pool/life.go",
		" || s.Watched", ""},
	{"a contested token makes room", "pack.go",
		"		len(c.contest.origins) == 0 && ", "		"},
	{"a failing token makes room at once", "pool/life.go",
		"s.BackingOff && s.Now < s.Called+QuietTime", "false"},
	{"a token that is busy again makes room", "pool/pool.go",
		"		m.drop(t)\n		p.state = busy\n		m.busy++\n", ""},
	{"the token that was used last makes room", "pool/pool.go",
		"		first := m.idle[0]\n		used :=", "		first := m.idle[len(m.idle)-1]\n		used :="},
	{"a token that was read is not used", "pool/pool.go",
		"		used := m.used(first.token)\n", "		used := first.rank\n"},
	{"an evicted token can still be found", "pool/pool.go",
		"	m.total--\n	m.index.Remove(t)\n", "	m.total--\n"},
	{"one token too many", "pool/pool.go",
		"	full := m.total >= m.policy.MaxTokens\n", "	full := m.total > m.policy.MaxTokens\n"},
	{"one busy token too many", "pool/pool.go",
		"if m.busy >= m.policy.MaxBusy || ", "if m.busy > m.policy.MaxBusy || "},
	{"a token in use is forgotten", "pool/life.go",
		"	if at-before >= noteEvery || at < before || before == 0 {\n", "	if before == 0 {\n"},
	{"a token out of use is never forgotten", "pool/pool.go",
		"return m.place(t).state == idle && now-m.used(t) >= m.policy.IdleTime && m.Remove(t)", "return false"},
	{"a busy token is forgotten", "pool/pool.go",
		"return m.place(t).state == idle && now-m", "return now-m"},
	{"new tokens as fast as they come", "endpoint/client.go",
		"return len(c.recent) < newPerSecond || ", "return true || "},
}

// betweenProcesses are bugs of processes that share a token and of their store, which worlds of many processes have to
// catch.
var betweenProcesses = []bug{
	{"no fence", "../../store/publish.go",
		"if s.Epoch > 0 && c.Grant == (Version{Epoch: s.Epoch, Gen: s.Fence}) && c.Owner == s.Lease.Owner {", "if s.Epoch > 0 {"},
	{"one lease for several processes", "../../store/step.go",
		"		s.Fence++\n", "		s.Fence = max(s.Fence, 1)\n"},
	{"a rejected token is adopted from the store", "sharing/replies.go",
		"if left > 0 && !s.isRejected(r.Digest) {", "if left > 0 {"},
	{"a push is trusted more than its version", "sharing/replies.go",
		"if !opened || !s.seen.Less(v) || v.Gen != r.Gen {", "if !opened || v.Gen != r.Gen {"},
	{"a push is taken for the store's time", "sharing/clock.go",
		"c.known && later > 0 {", "c.known || now > 0 {"},
	{"a push makes the store's time certain", "sharing/clock.go",
		"took: max(c.took-time.Duration(later)*time.Millisecond, 0)}", "took: 0}"},
	{"wrong credentials of one process hold all", "sharing/fetch.go",
		"	if in.Class != 0 {\n		f.end, f.class, f.behind = store.Hold, in.Class,", "	if true {\n		f.end, f.class, f.behind = store.Hold, max(in.Class, store.Response),"},
	{"a token that the store does not have is not offered", "sharing/offer.go",
		"(h.version == (store.Version{}) || c.policy.Poll > 0)", "h.version != store.Version{} && c.policy.Poll > 0"},
}

// everyBug is all of these, each with the package whose worlds have to catch it.
func everyBug() (all []planted) {
	add := func(worlds string, bugs []bug) {
		for _, b := range bugs {
			all = append(all, planted{b, worlds})
		}
	}
	add("world", bugs)
	add("fleet", shared)
	add("fleet", pooled)
	add("sharing", betweenProcesses)
	return all
}

type planted struct {
	bug
	worlds string
}

// all has every bug run: each is a program to be built. Without it every 32nd is, and of the others it is checked
// that there is a place for them. .ci/full sets it.
var all = flag.Bool("all", false, "run every planted bug, not one of 32")

// skipUnlessWanted skips the test of a bug that is not run, having checked that there is a place for it.
func (b bug) skipUnlessWanted(t *testing.T, i int, original string) {
	if *all || i%32 == 0 {
		return
	}
	b.plant(t, original)
	t.Skip("one of 32 is run without -all")
}

// TestEveryPlantedBugIsCaught builds the runner once for each bug, with the bug in, and runs it.
func TestEveryPlantedBugIsCaught(t *testing.T) {
	if testing.Short() || raceDetector { // the programs are built without it
		t.Skip("builds a program for each bug")
	}
	core, err := filepath.Abs("../../core")
	require.NoError(t, err)
	planted := everyBug()
	results := make([]string, len(planted))
	t.Run("bugs", func(t *testing.T) {
		for i, b := range planted {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				b.skipUnlessWanted(t, i, filepath.Join(core, b.file))
				out, err := run(t, build(t, core, b.bug), "-worlds", b.worlds)
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
	results = slices.DeleteFunc(results, func(r string) bool { return r == "" })
	t.Logf("the planted bug, the rule that was seen broken, and after how many worlds:\n%s", strings.Join(results, "\n"))
}

func TestTheRunnerFindsNothingInTheUnchangedCore(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("builds a program")
	}
	out, err := run(t, build(t, "", bug{}))
	require.NoError(t, err, out)
}

func run(t *testing.T, runner string, args ...string) (string, error) {
	out, err := exec.CommandContext(t.Context(), runner, args...).CombinedOutput()
	return string(out), err
}

// build builds the runner with a bug planted, which only this build's overlay holds.
func build(t *testing.T, core string, b bug) string {
	t.Helper()
	dir := t.TempDir()
	runner := filepath.Join(dir, "runner")
	args := []string{"build", "-o", runner}
	if b.file != "" {
		args = append(args, "-overlay", b.plant(t, filepath.Join(core, b.file)))
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, "./runner")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return runner
}

// plant writes a file with the bug in, and returns the file that makes the go command read it in place of the original.
func (b bug) plant(t *testing.T, original string) (overlay string) {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile(original)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), b.old), "the place for the bug: correct the patch")
	patched := filepath.Join(dir, filepath.Base(b.file))
	require.NoError(t, os.WriteFile(patched, []byte(strings.Replace(string(source), b.old, b.new, 1)), 0o644))
	content, err := json.Marshal(map[string]map[string]string{"Replace": {original: patched}})
	require.NoError(t, err)
	overlay = filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, content, 0o644))
	return overlay
}
