package ambiguous

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	quiet     = 400 * time.Millisecond // after which a proxy is said to wait, at first
	longQuiet = 3 * time.Second        // where the file of tables does not expect that
)

// Compare sends all requests to all proxies, and returns the tables for HTTP/1 and HTTP/2. The columns are in the order
// of programs, proxies are those that run, in the same order. What file, the text of the tables so far, does not expect
// is tried again, since a busy machine is slow.
func Compare(ctx context.Context, programs []*Program, proxies []*Proxy, file string) ([]*Table, error) {
	one := &Table{Title: "HTTP/1", Programs: programs}
	two := &Table{Title: "HTTP/2 without TLS", Programs: programs}
	var tries []try
	for _, r := range Requests() {
		row := &Row{r.Name, r.Section, map[string]Outcome{}}
		one.Rows = append(one.Rows, row)
		tries = append(tries, try{one, row, func(p *Proxy, limit time.Duration) (Outcome, error) {
			return Try(ctx, p.Address, p.Server, r, limit)
		}})
	}
	for _, r := range Requests2() {
		row := &Row{r.Name, r.Section, map[string]Outcome{}}
		two.Rows = append(two.Rows, row)
		tries = append(tries, try{two, row, func(p *Proxy, limit time.Duration) (Outcome, error) {
			return Try2(ctx, p.HTTP2, p.Server, r, limit)
		}})
	}

	outcomes := make([][]Outcome, len(proxies))
	errs := make([]error, len(proxies))
	var running sync.WaitGroup
	for i, p := range proxies {
		running.Go(func() {
			for _, t := range tries {
				outcome, err := t.at(p, t.table.Expected(file, t.row, programs[i]))
				if err != nil {
					errs[i] = err
					return
				}
				outcomes[i] = append(outcomes[i], outcome)
			}
		})
	}
	running.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, err
		}
		for j, t := range tries {
			t.row.Outcomes[programs[i].Name] = outcomes[i][j]
		}
	}
	return []*Table{one, two}, nil
}

// try is a request that can be sent again.
type try struct {
	table *Table
	row   *Row
	send  func(p *Proxy, limit time.Duration) (Outcome, error)
}

// at sends it to a proxy, and once more if the outcome is not the expected one. "" expects everything except waiting.
func (t *try) at(p *Proxy, expected string) (Outcome, error) {
	outcome, err := t.send(p, quiet)
	if err != nil || outcome.Text == expected || expected == "" && !strings.Contains(outcome.Text, waits) {
		return outcome, err
	}
	return t.send(p, longQuiet)
}
