package world_test

import (
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/simulation/world"
)

// TestEveryRuleHoldsInEveryWorld runs worlds by the thousand. Each runs twice, to the same trace; together they must
// have seen everything that is rare.
func TestEveryRuleHoldsInEveryWorld(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() || raceDetector { // a world has no goroutine that could race
		seeds = 400
	}
	var (
		mu    sync.Mutex
		stats world.Stats
		seen  world.Coverage
		wg    sync.WaitGroup
	)
	workers := uint64(runtime.GOMAXPROCS(0))
	for worker := range workers {
		wg.Go(func() {
			for seed := worker; seed < seeds; seed += workers {
				r := world.Run(seed, false)
				again := world.Run(seed, false)
				mu.Lock()
				stats.Add(&r.Stats)
				seen.Add(&r.Coverage)
				mu.Unlock()
				if r.Violation != nil {
					t.Error(r.Violation)
					return
				}
				if r.Hash != again.Hash {
					t.Errorf("seed %d runs to two different traces: %s", seed, firstDifference(seed))
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d worlds, %.0f virtual hours, %d events, %d fetches", seeds, stats.Virtual.Hours(), stats.Events, stats.TokenFetches)
	if !testing.Short() && !raceDetector {
		for _, m := range seen.Missing() {
			t.Errorf("never reached: %s", m)
		}
	}
}

// onceFailed are worlds of higher seeds that showed a bug, of the core or of the checker, and what it was.
var onceFailed = map[uint64]string{
	5973:  "recovery: the checker expected a long life of a token that the endpoint returned again shortly before its end",
	5541:  "W3: a watcher joined in the step in which the token was lost, and the others did not learn of it",
	4088:  "recovery: a guard was up when the faults ended, and suppressed rejections for longer than recovery was given",
	4806:  "M13: a guard went up a minute after the last 401, and was forgotten at once",
	1974:  "M13: more guards went up at one publication than it has events, and the checker missed one",
	5366:  "M21: a caller that named no origin was the 65th to contest a token that such a caller contested already",
	22053: "M21: a caller that waited was served the token that its origin had rejected meanwhile",
	7619:  "M21: the checker took a rejection behind the guard of callers that name no origin for a contest",
}

func TestSeedsThatOnceFailed(t *testing.T) {
	for seed, bug := range onceFailed {
		if v := world.Run(seed, false).Violation; v != nil {
			t.Errorf("%s\n%v", bug, v)
		}
	}
}

func firstDifference(seed uint64) string {
	a, b := world.Run(seed, true).Trace, world.Run(seed, true).Trace
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\n" + a[i] + "\n" + b[i]
		}
	}
	return "one of them is longer"
}

// TestM19_NothingSecretFitsIntoTheCore: the core's inputs, state and effects have no room for a string, so no
// trace of it can hold a secret.
func TestM19_NothingSecretFitsIntoTheCore(t *testing.T) {
	var check func(path string, of reflect.Type)
	check = func(path string, of reflect.Type) {
		switch of.Kind() {
		case reflect.Struct:
			if of.PkgPath() == "time" {
				return
			}
			for i := range of.NumField() {
				check(path+"."+of.Field(i).Name, of.Field(i).Type)
			}
		case reflect.Array, reflect.Pointer, reflect.Slice:
			check(path, of.Elem())
		case reflect.String, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
			t.Errorf("%s is a %s", path, of)
		}
	}
	check("Core", reflect.TypeFor[core.Core]())
	check("Input", reflect.TypeFor[core.Input]())
	check("Effects", reflect.TypeFor[core.Effects]())
}

// FuzzWorld drives a world from a tape of decisions, so that a failure shrinks to the decisions that matter.
func FuzzWorld(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("a tape is as good a source of decisions as any other, only shorter"))
	for seed := range byte(8) {
		tape := make([]byte, 512)
		for i := range tape {
			tape[i] = byte(i*i*31) ^ byte(i>>3)*seed ^ seed<<5
		}
		f.Add(tape)
	}
	f.Fuzz(func(t *testing.T, tape []byte) {
		r := world.RunTape(tape)
		if r.Violation != nil {
			t.Fatal(r.Violation)
		}
		require.Equal(t, r.Hash, world.RunTape(tape).Hash)
	})
}

func BenchmarkWorlds(b *testing.B) {
	events := 0
	for seed := uint64(0); b.Loop(); seed++ {
		events += world.Run(seed%500, false).Stats.Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
