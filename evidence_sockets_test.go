package alf_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// allRates adds the high rates of M13's table, which take minutes: .ci/full sets it. At 200 requests a second, where an
// hour is 720,000 of them, there are only some rows, of highestRateTime.
var allRates = flag.Bool("all-rates", false, "run M13's table on sockets at every rate")

const highRate, highestRate = 5, 200

const highestRateTime = 10 * time.Minute

// socketRow is a scenario of M13's table: an hour of the mock clock with clients and servers on loopback sockets.
type socketRow struct {
	name    string
	rate    float64       // requests a second, of each process
	fetches int           // at most in an hour
	wait    time.Duration // of a request, at most
	steady  bool          // there are as many fetches in each part of the hour
	// fetchesAtHighRates takes the place of fetches from 5 requests a second on, unless it is 0.
	fetchesAtHighRates int
	atHighestRate      bool
	set                func(c *clocked, rate float64)
	check              func(t *testing.T, c *clocked)
}

// aWait is the longest that a caller waits for a fetch that a rejection caused; fetches themselves take no time here.
const aWait = time.Second + clockStep

func socketRows() (rows []socketRow) {
	// add adds a row at a low rate, and at the table's where all are wanted.
	add := func(rate float64, r socketRow) {
		rates := []float64{rate}
		if *allRates {
			rates = append(rates, highRate)
		}
		if *allRates && r.atHighestRate {
			rates = append(rates, highestRate)
		}
		for _, r.rate = range rates {
			if r.rate >= highRate && r.fetchesAtHighRates > 0 {
				r.fetches = r.fetchesAtHighRates
			}
			if r.rate == highestRate && r.steady {
				r.fetches = 2 + r.fetches*int(highestRateTime)/int(time.Hour)
			}
			rows = append(rows, r)
		}
	}
	never := func(*http.Request, issuance) bool { return false }
	for _, paths := range []int{5, 10_000} {
		add(0.5, socketRow{
			name: fmt.Sprintf("every path always 401, %d paths", paths), fetches: 66, wait: 2 * aWait,
			set: func(c *clocked, rate float64) {
				api := c.api(func(*http.Request, issuance) bool { return true })
				c.send(c.process(), "all", api, rate, 0, paths)
			},
			check: func(t *testing.T, c *clocked) {
				require.Equal(t, c.processes[0].count("all", all), c.processes[0].count("all", refused))
				require.Zero(t, c.processes[0].count("all", avoidable))
			},
		})
	}
	for _, every := range []time.Duration{1300 * time.Millisecond, 5 * time.Second, 20 * time.Second, 45 * time.Second} {
		add(0.5, socketRow{
			name: fmt.Sprintf("revoked every %v, every retry accepted", every), fetches: int(time.Hour/every) + 1, steady: true, wait: 2 * aWait, atHighestRate: every == 5*time.Second,
			set: func(c *clocked, rate float64) {
				c.send(c.process(), "all", c.api(never), rate, 0, 5)
				for at := every; at <= time.Hour; at += every {
					c.at(at, c.endpoint.revoke)
				}
			},
			check: func(t *testing.T, c *clocked) {
				// The clock, and with it the revocations, stand still between a fetch and the retry.
				require.Zero(t, c.processes[0].count("all", refused))
			},
		})
	}
	add(1/5.5, socketRow{
		name: "two processes, one active token", fetches: 1300, fetchesAtHighRates: 7200 + 2, steady: true, wait: aWait, atHighestRate: true,
		set: func(c *clocked, rate float64) {
			c.endpoint.oneActive = true
			api := c.api(never)
			c.send(c.process(), "all", api, rate, 0, 5)
			c.send(c.process(), "all", api, rate, 0, 5)
		},
		check: func(t *testing.T, c *clocked) {
			named := int64(0)
			for _, p := range c.processes {
				require.Zero(t, p.count("all", avoidable))
				require.LessOrEqual(t, p.count("all", refused), 20, "the other process fetched between the fetch and the retry")
				named += p.oneActive.Load()
			}
			require.NotZero(t, named, "events that name the store")
		},
	})
	for _, paths := range []int{1, 10_000} {
		add(0.5, socketRow{
			name: fmt.Sprintf("1 of 3 replicas rejects every token, %d paths", paths), fetches: 90, wait: 2 * aWait, atHighestRate: paths > 1,
			set: func(c *clocked, rate float64) {
				var mu sync.Mutex
				replica := rand.New(rand.NewPCG(3, 4))
				api := c.api(func(*http.Request, issuance) bool {
					mu.Lock()
					defer mu.Unlock()
					return replica.IntN(3) == 0
				})
				c.send(c.process(), "all", api, rate, 0, paths)
			},
			check: func(t *testing.T, c *clocked) {
				require.Zero(t, c.processes[0].count("all", avoidable), "the others' responses")
				require.NotZero(t, c.processes[0].count("all", refused), "that replica's")
			},
		})
	}
	const forbidden = 1000 // and the paths after it
	for _, paths := range []int{1, 20} {
		rate := map[int]float64{1: 2, 20: 0.5}[paths]
		add(rate, socketRow{
			name: fmt.Sprintf("no permission for %d paths, one revocation", paths), fetches: 68, wait: 2 * aWait, atHighestRate: paths > 1,
			set: func(c *clocked, rate float64) {
				denied := map[string]bool{}
				for i := range paths {
					denied["/things/"+pathName(forbidden+i)] = true
				}
				api := c.api(func(r *http.Request, _ issuance) bool { return denied[r.URL.Path] })
				p := c.process()
				c.send(p, "denied", api, rate, forbidden, paths)
				c.send(p, "permitted", api, 0.2, 0, 20)
				c.at(8*time.Minute, c.endpoint.revoke)
			},
			check: func(t *testing.T, c *clocked) {
				p := c.processes[0]
				require.Zero(t, p.count("permitted", refused))
				require.Equal(t, p.count("denied", all), p.count("denied", refused))
			},
		})
	}
	return rows
}

// TestM13_TheTableOnSockets measures the table's scenarios with real clients, servers and sockets.
func TestM13_TheTableOnSockets(t *testing.T) {
	duration := time.Hour
	if testing.Short() || raceDetector {
		duration = 10 * time.Minute
	}
	rows := socketRows()
	lines := make([]string, len(rows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(fmt.Sprintf("%s, %.2g a second", row.name, row.rate), func(t *testing.T) {
				t.Parallel()
				c := newClocked(t)
				row.set(c, row.rate)
				length := duration
				if row.rate == highestRate {
					length = min(duration, highestRateTime)
				}
				c.run(length)
				requests, returned, needless := 0, 0, 0
				longest := time.Duration(0)
				for _, p := range c.processes {
					for traffic := range p.responses {
						requests += p.count(traffic, all)
						returned += p.count(traffic, refused)
						if traffic != "denied" { // whose 401s no token avoids
							needless += p.count(traffic, avoidable)
						}
					}
					longest = max(longest, p.longest())
				}
				lines[i] = fmt.Sprintf("%-56s %8.2g %9d %9d %9d %9d %9v", row.name, row.rate, requests, returned, needless, c.endpoint.fetches(), longest)
				require.NotZero(t, requests)
				row.check(t, c)
				require.LessOrEqual(t, c.endpoint.fetches(), row.fetches, "fetches")
				require.LessOrEqual(t, longest, row.wait, "the longest wait")
			})
		}
	})
	t.Logf("%-56s %8s %9s %9s %9s %9s %9s\n%s", "scenario", "a second", "requests", "401s", "avoidable", "fetches", "wait", strings.Join(lines, "\n"))
}
