package proxy_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// windows are the times in which something was wrong.
type windows struct {
	mu   sync.Mutex
	list []window
}

type window struct {
	kind, place string // place "": everywhere
	from, to    time.Time
}

// Kinds of trouble.
const (
	endpointDown  = "endpoint down"
	upstreamDown  = "upstream down"
	upstreamSlow  = "upstream slow"
	rejecting     = "rejecting"
	proxyDraining = "draining"
)

func (w *windows) add(kind, place string, from time.Time, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, window{kind, place, from, from.Add(d)})
}

// overlaps reports whether something was wrong between two times. Each lasts for a while after its end.
func (w *windows) overlaps(kind, place string, from, to time.Time, after time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.list {
		if one.kind == kind && (one.place == "" || one.place == place) && !one.from.After(to) && !one.to.Add(after).Before(from) {
			return true
		}
	}
	return false
}

// each calls f with those that overlap.
func (w *windows) each(kind string, from, to time.Time, f func(window)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.list {
		if one.kind == kind && !one.from.After(to) && !one.to.Before(from) {
			f(one)
		}
	}
}

// describe lists what was wrong between two times, for a violation.
func (w *windows) describe(from, to time.Time) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, one := range w.list {
		if !one.from.After(to) && !one.to.Before(from) {
			fmt.Fprintf(&b, "\n  %s %s from %s to %s", one.kind, one.place, clock(one.from), clock(one.to))
		}
	}
	return b.String()
}
