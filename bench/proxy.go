package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// proxying is point 16: what alf proxy costs beside the proxies that a team would put there without it (X4).
func proxying(b *bench) section {
	s := section{
		title: "The proxy",
		text: "An upstream (nginx, static bodies, over plain TCP and TLS), and before it alf proxy with a managed token, nginx and haproxy as plain proxies that set a " +
			"constant Authorization, two workers or threads each, all with keepalive on both sides. wrk with one thread asks for the bodies. Load, proxy and upstream " +
			"share this machine's cores, so the ratios are of the processor time of all three. gRPC is grpc-go's interop service without TLS, asked by grpc-go.",
	}
	programs, err := lookProxies()
	if err != nil {
		s.notes = append(s.notes, "Nothing of this was measured: "+err.Error()+".")
		return s
	}
	p, err := startProxied(programs)
	if err == nil {
		defer p.close()
		m := &proxyFigures{b: b, section: &s, proxied: p}
		err = m.measure()
	}
	if err != nil {
		b.miscounted++
		s.check(false, "all requests through all proxies succeed", err.Error())
	}
	return s
}

// proxyFigures collects what was measured.
type proxyFigures struct {
	*proxied
	b       *bench
	section *section
	wrong   int
	asked   int
}

// proxyGoals are what X4 requires relative to nginx, by the upstream and the number of connections, and what would be
// better still.
var proxyGoals = map[string]map[int]struct{ limit, stretch float64 }{
	"plain": {1: {0.55, 0.65}, 64: {0.40, 0.65}, 512: {0.45, 0.70}},
	"TLS":   {1: {0.50, 0.70}, 64: {0.60, 0.70}, 512: {0.70, 0.80}},
}

func (m *proxyFigures) measure() error {
	ports := m.files.ports
	names := []string{"nginx", "haproxy", "alf proxy"}
	url := func(port int, path string) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", port, path) }
	for _, kind := range []struct {
		name  string
		bases []string
	}{
		{"plain", []string{url(ports.nginx, ""), url(ports.haproxy, ""), url(ports.alf, "plain/")}},
		{"TLS", []string{url(ports.nginxTLS, ""), url(ports.haproxyTLS, ""), url(ports.alf, "tls/")}},
	} {
		for _, size := range []string{"1k", "256k"} {
			var urls []string
			for _, base := range kind.bases {
				urls = append(urls, base+size)
			}
			if err := m.compare(kind.name, size, names, urls); err != nil {
				return err
			}
		}
	}
	if err := m.managed(url(ports.alf, "")); err != nil {
		return err
	}
	if err := m.grpc(); err != nil {
		return err
	}
	if m.wrong > 0 {
		m.b.miscounted++
	}
	m.section.check(m.wrong == 0, "all requests through all proxies succeed", fmt.Sprintf("%s failed of %s", count(m.wrong), count(m.asked)))
	if peak, ok := peakMemory(m.running["alf proxy"].Process.Pid); ok {
		m.section.notes = append(m.section.notes, fmt.Sprintf("alf proxy took %s of memory at most, with all of that.", size(peak)))
	}
	return nil
}

// slices asks each URL in turns, and returns what came of it, by URL and round.
func (m *proxyFigures) slices(what string, rounds, connections int, urls []string, headers ...string) (rates []sample, loads [][]traffic, err error) {
	loads = make([][]traffic, len(urls))
	trials := make([]trial, len(urls))
	for i, url := range urls {
		trials[i] = func() float64 {
			l, loadErr := m.wrk(url, connections, 1, headers...)
			if err == nil {
				err = loadErr
			}
			m.asked += l.requests
			m.wrong += l.wrong
			loads[i] = append(loads[i], l)
			return l.perSecond
		}
	}
	for _, url := range urls { // whose connections to the upstream are to be there
		if _, warmErr := m.wrk(url, connections, 1, headers...); warmErr != nil {
			return nil, nil, warmErr
		}
	}
	rates = interleave(rounds, m.b.step(what), trials...)
	return rates, loads, err
}

// compare measures one kind of upstream and size of body.
func (m *proxyFigures) compare(kind, size string, names, urls []string) error {
	connections, rounds := []int{1, 64, 512}, m.b.rounds(9)
	if size != "1k" {
		connections, rounds = []int{1, 64}, m.b.rounds(5)
	}
	if m.b.short {
		connections = []int{64}
	}
	t := table{
		title: fmt.Sprintf("Bodies of %s, %s upstream", map[string]string{"1k": "1 KiB", "256k": "256 KiB"}[size], kind),
		heads: []string{"", "connections", "requests/s", "spread", "of nginx", "p50", "p99", "p99.9"},
	}
	slowest := sample{}
	for _, n := range connections {
		rates, loads, err := m.slices(fmt.Sprintf("%s, %s, %d connections", kind, size, n), rounds, n, urls)
		if err != nil {
			return err
		}
		for i, name := range names {
			of := rates[i].over(rates[0])
			low, high := of.interval()
			relative := fmt.Sprintf("%s (%s–%s)", exactly(of.median()), exactly(low), exactly(high))
			t.row(name, count(n), number(rates[i].median()), percent(rates[i].spread()), relative,
				duration(medianOf(loads[i], func(l traffic) time.Duration { return l.p50 })),
				duration(medianOf(loads[i], func(l traffic) time.Duration { return l.p99 })),
				duration(medianOf(loads[i], func(l traffic) time.Duration { return l.p999 })))
		}
		if size != "1k" {
			continue
		}
		last := len(names) - 1
		slowest = append(slowest, float64(medianOf(loads[last], func(l traffic) time.Duration { return l.p99 }))/float64(medianOf(loads[0], func(l traffic) time.Duration { return l.p99 })))
		goal := proxyGoals[kind][n]
		m.section.compare([]sample{rates[last].over(rates[0])}, goal.limit, true,
			fmt.Sprintf("%s upstream, %s: at least %.2f of nginx's requests a second", kind, connectionsOf(n), goal.limit),
			fmt.Sprintf("; %.2f would be better still", goal.stretch))
	}
	if size == "1k" {
		var ratios []string
		for _, v := range slowest {
			ratios = append(ratios, ratio(v))
		}
		m.section.notes = append(m.section.notes, fmt.Sprintf("%s upstream, 1 KiB: the p99 of alf proxy is %s of nginx's, in the order of the table; 2.50x would be good.", kind, strings.Join(ratios, ", ")))
	}
	m.section.tables = append(m.section.tables, t)
	return nil
}

func connectionsOf(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return count(n) + " connections"
}

// medianOf is the median of one figure of all rounds.
func medianOf(loads []traffic, of func(traffic) time.Duration) time.Duration {
	var all []time.Duration
	for _, l := range loads {
		all = append(all, of(l))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// managed compares a route that replaces the caller's Authorization by the token with one that passes it on: the same
// proxy without any of the client, and requests of the same bytes.
func (m *proxyFigures) managed(base string) error {
	rates, _, err := m.slices("managed and fixed", m.b.rounds(25), 64, []string{base + "fixed/1k", base + "managed/1k"}, "Authorization: Bearer "+proxiedToken)
	if err != nil {
		return err
	}
	t := table{title: "alf proxy, 1 KiB, 64 connections", heads: []string{"", "requests/s", "spread", "of a fixed header"}}
	for i, name := range []string{"the caller's header", "a managed token in its place"} {
		t.row(name, number(rates[i].median()), percent(rates[i].spread()), exactly(rates[i].over(rates[0]).median()))
	}
	m.section.tables = append(m.section.tables, t)
	m.section.compare([]sample{rates[1].over(rates[0])}, 0.97, true, "a managed token: at least 0.97 of the requests a second of a fixed header", "")
	return nil
}
