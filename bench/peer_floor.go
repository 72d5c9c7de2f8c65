package main

import (
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// floor is the least that any of this can cost.
var floor = peer{
	name: "floor",
	reader: func() func(n int) {
		var current atomic.Pointer[floorToken]
		current.Store(&floorToken{value: cached, end: inAnHour().Round(0)})
		return func(n int) {
			var t *floorToken
			for range n {
				t = current.Load()
				if !time.Now().Before(t.end) {
					panic("bug: the floor's token has expired")
				}
			}
			runtime.KeepAlive(t)
		}
	},
	sender: func(base http.RoundTripper) http.RoundTripper {
		return &floorTransport{base, "Bearer " + cached}
	},
}

// floorReading is the floor of those who must not send an expired token: they have to read it, and so a clock.
var floorReading = peer{
	name: "floor + clock read",
	sender: func(base http.RoundTripper) http.RoundTripper {
		f := &floorReader{floorTransport: floorTransport{base: base}}
		f.current.Store(&floorToken{value: "Bearer " + cached, end: inAnHour().Round(0)})
		return f
	},
}

type floorReader struct {
	floorTransport
	current atomic.Pointer[floorToken]
}

// RoundTrip reads the token and sends the copy.
func (f *floorReader) RoundTrip(req *http.Request) (*http.Response, error) {
	t := f.current.Load()
	if !time.Now().Before(t.end) {
		panic("bug: the floor's token has expired")
	}
	return f.send(req, t.value)
}

type floorToken struct {
	value string
	end   time.Time
}

// floorTransport does the least that adds a token to a request without touching the caller's: a shallow copy of the
// request and of its header map, the header's value being there already.
type floorTransport struct {
	base  http.RoundTripper
	value string
}

// RoundTrip sends the copy.
func (f *floorTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return f.send(req, f.value)
}

func (f *floorTransport) send(req *http.Request, value string) (*http.Response, error) {
	out := &struct {
		http.Request
		value [1]string
	}{Request: *req}
	header := make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		header[name] = values
	}
	out.value[0] = value
	header["Authorization"] = out.value[:]
	out.Request.Header = header
	return f.base.RoundTrip(&out.Request)
}
