package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf"
)

// fixed is a plain http.Client whose requests have the header already.
const fixed = "plain http.Client"

// endToEnd is point 3.
func endToEnd(b *bench) section {
	s := section{
		title: "End to end",
		text: "Requests a second over loopback HTTP with keep-alive, server and client in this process, against a plain http.Client " +
			"whose requests have a fixed header. All contestants share one http.Transport, and so the same connections.",
	}
	url, stop := serveLoopback(func(token string) bool { return token == cached })
	defer stop()
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns, base.MaxIdleConnsPerHost = 0, 2048
	defer base.CloseIdleConnections()

	client := newClient(alf.Config{Fetcher: constant(cached), HTTPClient: &http.Client{Transport: base}})
	defer client.Close()
	names := []string{fixed, theClient.name, xoauth2.name}
	clients := []*http.Client{{Transport: base}, client.HTTPClient(), {Transport: xoauth2.sender(base)}}

	picture := chart{file: "endtoend", title: "Requests a second over loopback", unit: "requests a second"}
	var ratios []sample
	for _, post := range []bool{false, true} {
		for _, goroutines := range []int{64, 1000} {
			name := fmt.Sprintf("GET, %d goroutines", goroutines)
			if post {
				name = fmt.Sprintf("POST of 4 KiB, %d goroutines", goroutines)
			}
			trials := make([]trial, len(clients))
			for i, c := range clients {
				trials[i] = func() float64 {
					return requestsPerSecond(c, url, post, names[i] == fixed, goroutines, b.slice(150*time.Millisecond))
				}
			}
			trials[0]() // opens the connections
			samples := interleave(b.rounds(41), b.step("end to end, "+name), trials...)
			t := table{title: name, heads: []string{"", "requests/s", "spread", "of plain"}}
			bars := group{name: name}
			for i, sample := range samples {
				of := sample.over(samples[0])
				t.row(names[i], number(sample.median()), percent(sample.spread()), exactly(of.median()))
				bars.bars = append(bars.bars, bar{name: names[i], value: sample.median()})
				if names[i] == theClient.name {
					ratios = append(ratios, of)
				}
			}
			s.tables = append(s.tables, t)
			picture.groups = append(picture.groups, bars)
		}
	}
	s.charts = append(s.charts, picture)
	s.compare(ratios, 0.98, true, "at least 0.98 of plain (GET with 64 and 1,000 goroutines, POST with 64 and 1,000)", "")
	return s
}

// serveLoopback responds to every request whose token is accepted with a few bytes.
func serveLoopback(accepted func(token string) bool) (url string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("no port is available on the loopback: %v", err))
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !accepted(bearerOf(r)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"ok":true}`)
	})}
	go func() { _ = server.Serve(listener) }() // it always ends with an error: that of being closed
	return "http://" + listener.Addr().String(), func() { server.Close() }
}

// requestsPerSecond sends requests for a while, from so many goroutines.
func requestsPerSecond(client *http.Client, url string, post, header bool, goroutines int, d time.Duration) float64 {
	var sent atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	until := began.Add(d)
	for range goroutines {
		group.Go(func() {
			mine := int64(0)
			for time.Now().Before(until) {
				if err := exchange(client, url, post, header); err != nil {
					panic(err)
				}
				mine++
			}
			sent.Add(mine)
		})
	}
	group.Wait()
	return float64(sent.Load()) / time.Since(began).Seconds()
}

var fourKiB = strings.Repeat("x", 4<<10)

// exchange sends one request and reads the response.
func exchange(client *http.Client, url string, post, header bool) error {
	method, body := http.MethodGet, io.Reader(nil)
	if post {
		method, body = http.MethodPost, strings.NewReader(fourKiB)
	}
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	if header {
		req.Header.Set("Authorization", "Bearer "+cached)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server responded %s", resp.Status)
	}
	return nil
}
