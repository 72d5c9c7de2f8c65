package main

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// The first of the two tokens each manager of this point gets is read once, and so refreshed at its refresh time. The
// second is never read, so that its refresh time finds the manager idle.
const (
	firstLife = 2 * time.Second
	tokenSize = 1000
)

// secondLife is long enough to look at n idle managers before the token reaches its effective expiry.
func secondLife(n int) time.Duration {
	if n > 10_000 {
		return 24 * time.Second
	}
	return 10 * time.Second
}

// Refreshes happen at half of the usable life, to the millisecond, to keep this point short.
var promptly = manager.Policy{RefreshFraction: 0.5, Jitter: -1}

// weighing is point 6.
func weighing(b *bench) section {
	s := section{
		title: "Weight",
		text: fmt.Sprintf("Managers with a token of %s bytes of their own in one process: active (the second token waits for its refresh time), then "+
			"idle (its refresh time has passed, and no caller has read it). The total is heap, stack and what the Go runtime keeps about both. Resident is what the "+
			"system counts, after free memory was returned to it; on top of the total it has the holes that the garbage of making "+
			"100,000 tokens twice has left, and that whatever comes next fills. CPU is that of the whole process. What one manager alone weighs "+
			"is less than this accounting can resolve: stacks come in spans of 32 KiB.", count(tokenSize)),
		before: "On 2 cores of an AMD EPYC, 100,000 managers weighed 8,371 B each while active, 4,072 B of it heap. A heap profile showed what " +
			"could go, and each went: an owner that took 1,024 B for being 24 too large, now 896; a second channel for refresh hints, and " +
			"what the runtime notes of a select that waits on it, 224 B (a hint is a message like any other now); a timer's function that " +
			"kept a whole publication for its number, 120 B; a token's value stored twice, 16 B. The stack stays: the runtime halves " +
			"one of 4 KiB only while the goroutine uses less than 224 B, and waiting on a channel alone takes about 300.",
	}
	t := table{heads: []string{"", "total, each", "of it heap", "of it stack", "resident, each", "goroutines, each", "CPU in 2 s"}}
	times := table{title: "Time for all of them, one after the other", heads: []string{"managers", "create", "first token", "close", "create and close, each"}}
	warmUp()
	idle := cpuDuring(b.slice(2 * time.Second))
	t.row("no manager", "–", "–", "–", "–", "–", duration(idle))

	counts := []int{1, 1000, b.scaled(100_000, 5000)}
	heaviest, resident, busiest, most := 0.0, 0.0, time.Duration(0), 0.0
	picture := chart{file: "weight", title: "What an idle manager weighs", unit: fmt.Sprintf("bytes each, with a token of %s bytes", count(tokenSize))}
	for i, n := range counts {
		b.step("weighing managers")(i+1, len(counts))
		w := weighManagers(n, b.slice(2*time.Second))
		for _, state := range []struct {
			name string
			weight
		}{{"active", w.active}, {"idle", w.idle}} {
			name := fmt.Sprintf("%s, %s", plural(n), state.name)
			most = max(most, state.goroutines)
			goroutines := fmt.Sprintf("%.2f", state.goroutines)
			if n == 1 {
				t.row(name, "–", "–", "–", "–", goroutines, duration(state.cpu))
				continue
			}
			heaviest, resident = max(heaviest, state.total), max(resident, state.resident)
			t.row(name, size(state.total), size(state.heap), size(state.stack), size(state.resident), goroutines, duration(state.cpu))
			picture.groups = append(picture.groups, group{name: name, bars: []bar{
				{name: "alf, heap", value: state.heap, text: size(state.heap)},
				{name: "alf, stack", value: state.stack, text: size(state.stack)},
			}})
		}
		busiest = max(busiest, w.idle.cpu-idle)
		times.row(plural(n), duration(w.created), duration(w.read), duration(w.closed), duration((w.created+w.closed)/time.Duration(n)))
		if w.idleSeen < n {
			s.notes = append(s.notes, fmt.Sprintf("Only %s of %s managers were idle when they were looked at: the machine was too slow for this schedule.", count(w.idleSeen), count(n)))
		}
	}
	s.tables, s.charts = append(s.tables, t, times), append(s.charts, picture)
	timers := idleTimers()
	s.check(heaviest < 8<<10, "under 8 KiB each with a 1,000-byte token, in total", "at most "+size(heaviest)+" (resident: "+size(resident)+")")
	s.check(most < 1.01, "one goroutine each", fmt.Sprintf("at most %.2f", most))
	s.check(timers == 1, "idle: one timer and nothing else", fmt.Sprintf("%d, on a mock clock", timers))
	// The clock of the accounting ticks every few milliseconds.
	s.check(busiest < 10*time.Millisecond, "idle: no CPU", fmt.Sprintf("at most %s in 2 s more than without managers", duration(max(busiest, 0))))
	return s
}

func plural(n int) string {
	if n == 1 {
		return "1 manager"
	}
	return count(n) + " managers"
}

// weight is what n managers cost in one state: each of them, except for the CPU.
type weight struct {
	total, heap, stack, resident, goroutines float64
	cpu                                      time.Duration
}

type weighed struct {
	active, idle          weight
	created, read, closed time.Duration
	idleSeen              int
}

// twoTokens is the fetcher of one manager.
func twoTokens(i int, second time.Duration) manager.Fetcher {
	var fetches atomic.Int32
	return manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		n, life := fetches.Add(1), firstLife
		if n > 1 {
			life = second
		}
		value := fmt.Sprintf("%d-%d-%s", i, n, strings.Repeat("x", tokenSize))[:tokenSize]
		return &oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: time.Now().Add(life)}, nil
	})
}

func weighManagers(n int, watch time.Duration) (w weighed) {
	before := takeStock()
	managers := make([]*manager.Manager, n)
	life := secondLife(n)

	began := time.Now()
	for i := range managers {
		managers[i] = newManager(manager.Config{Fetcher: twoTokens(i, life), Policy: promptly})
	}
	w.created = time.Since(began)
	began = time.Now()
	for _, m := range managers {
		_, _ = m.Token(context.Background())
	}
	w.read = time.Since(began)

	// Until the last manager has its second token, and then is at the refresh time of that: 0.45 of the first life, and
	// of the second.
	second := began.Add(w.read + firstLife*45/100 + time.Second)
	time.Sleep(time.Until(second))
	w.active = takeStock().since(before, n)
	w.active.cpu = cpuDuring(watch)
	time.Sleep(time.Until(second.Add(life * 45 / 100)))
	for _, m := range managers {
		if m.Stats().Idle {
			w.idleSeen++
		}
	}
	w.idle = takeStock().since(before, n)
	w.idle.cpu = cpuDuring(watch)

	began = time.Now()
	for _, m := range managers {
		_ = m.Close()
	}
	w.closed = time.Since(began)
	return w
}

// stock is what a process holds.
type stock struct{ total, heap, stack, resident, goroutines float64 }

func takeStock() stock {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return stock{
		total: float64(m.HeapAlloc + m.StackInuse + m.MSpanInuse + m.MCacheInuse + m.GCSys + m.OtherSys), heap: float64(m.HeapAlloc), stack: float64(m.StackInuse),
		resident: residentSize(), goroutines: float64(runtime.NumGoroutine()),
	}
}

func (s stock) since(before stock, n int) weight {
	each := func(now, then float64) float64 { return max(0, now-then) / float64(n) }
	return weight{
		heap: each(s.heap, before.heap), stack: each(s.stack, before.stack),
		total: each(s.total, before.total), resident: each(s.resident, before.resident),
		goroutines: each(s.goroutines, before.goroutines),
	}
}

// warmUp lets the runtime make what it makes once, whatever the number of goroutines.
func warmUp() {
	var managers []*manager.Manager
	for i := range 1000 {
		m := newManager(manager.Config{Fetcher: twoTokens(i, time.Hour)})
		_, _ = m.Token(context.Background())
		managers = append(managers, m)
	}
	for _, m := range managers {
		_ = m.Close()
	}
}

// residentSize is the process's, by the system's count; 0 where it does not tell.
func residentSize() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident float64
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		return 0
	}
	return resident * float64(os.Getpagesize())
}

// cpuDuring is the CPU time that the process uses while it has nothing to do.
func cpuDuring(d time.Duration) time.Duration {
	before := cpuTime()
	time.Sleep(d)
	return cpuTime() - before
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// idleTimers counts the timers of one idle manager, on a mock clock, which knows all there are.
func idleTimers() int {
	mock := clock.NewMock()
	n := atomic.Int32{}
	m := newManager(manager.Config{Clock: mock, Policy: promptly, Fetcher: manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", n.Add(1)), Expiry: mock.Now().Add(time.Hour)}, nil
	})})
	defer m.Close()
	_, _ = m.Token(context.Background())
	for range 1000 { // two refresh times are enough; each is half of nine tenths of an hour away
		if m.Stats().Idle {
			break
		}
		mock.Add(time.Minute)
	}
	// The field is the mock's own, but its length can be told.
	return reflect.ValueOf(mock).Elem().FieldByName("timers").Len()
}
