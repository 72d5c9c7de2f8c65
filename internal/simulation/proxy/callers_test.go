package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// caller is a program that uses the proxy.
type caller struct {
	name          string
	place         string // the route it uses
	method        string
	listener      string
	http2         bool
	size          int           // of its bodies
	slowness      time.Duration // of its bodies
	authorization string
	intruder      bool
}

// everyCaller is one of each kind.
func (w *world) everyCaller() []caller {
	return []caller{
		{name: "reader", place: "orders", method: "GET", listener: open},
		{name: "writer", place: "orders", method: "POST", listener: open, size: 500},
		{name: "reader by HTTP/2", place: "stock", method: "GET", listener: open, http2: true},
		{name: "writer with a token of its own", place: "pay", method: "POST", listener: keyed, size: 2000, authorization: "Bearer the caller's"},
		{name: "large upload", place: "files", method: "PUT", listener: open, size: 100 << 10},
		{name: "slow upload", place: "files", method: "PUT", listener: keyed, size: 40 << 10, slowness: 8 * time.Second},
		{name: "gRPC", place: "rpc", method: "POST", listener: open, http2: true, size: 100},
		{name: "gRPC with a secret", place: "rpc", method: "POST", listener: keyed, http2: true, size: 100},
		{name: "credentials of its own", place: "own", method: "GET", listener: open, authorization: "Basic b3duOm93bg=="},
		{name: "none of its own", place: "own", method: "DELETE", listener: open},
		{name: "intruder", listener: keyed, method: "GET", intruder: true},
		{name: "attacker", listener: open, method: "GET", intruder: true},
	}
}

// request is one of a caller's.
type request struct {
	*caller
	place *place
	id    string
	own   string // Authorization
	began time.Time
}

func (r *request) String() string {
	return fmt.Sprintf("%s of %s, begun at %v", r.id, r.name, r.began.Format(time.TimeOnly))
}

// live makes requests until the world is over.
func (c caller) live(w *world, r *rand.Rand) {
	client := w.network.client(c.listener, c.http2, c.slowness == 0)
	defer client.CloseIdleConnections()
	for n := 1; ; n++ {
		select {
		case <-time.After(time.Duration(r.ExpFloat64() * float64(w.interval))):
		case <-w.over:
			return
		}
		if c.intruder {
			c.intrude(w, r, client)
			continue
		}
		c.call(w, client, fmt.Sprintf("%s %d", c.name, n))
	}
}

// call makes one request and has the response checked.
func (c caller) call(w *world, client *http.Client, id string) {
	w.underWay.Add(1)
	defer w.underWay.Add(-1)
	req := &request{caller: &c, id: id, own: c.authorization, began: time.Now()}
	for i := range w.places {
		if w.places[i].name == c.place {
			req.place = &w.places[i]
		}
	}
	a := &arrivals{caller: req}
	w.upstreams.mu.Lock()
	w.upstreams.sent[id] = a
	w.upstreams.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	path := strings.TrimSuffix(req.place.path, "/") + "/17/lines"
	var body io.Reader
	switch {
	case c.slowness > 0:
		body = &slow{left: c.size, pause: c.slowness / 16}
	case c.size > 0:
		body = bytes.NewReader(make([]byte, c.size))
	}
	sent, err := http.NewRequestWithContext(ctx, c.method, "http://localhost"+path+"?q=%20x", body)
	if err != nil {
		panic(err)
	}
	h := sent.Header
	for name, value := range map[string]string{
		"X-Request-Id": id, "Cookie": "caller=1", "X-Forwarded-For": "10.0.0.1", "X-Real-Ip": "10.0.0.1", "X_forwarded_for": "10.0.0.1", "Forwarded": "for=10.0.0.1",
		"X-Original-Url": "/admin",
	} {
		h.Set(name, value)
	}
	if c.authorization != "" {
		h.Set("Authorization", c.authorization)
	}
	if c.listener == keyed {
		if len(id)%2 == 0 {
			h.Set("Alf-Caller-Secret", callerSecret)
		} else {
			h.Set("Proxy-Authorization", "Bearer "+callerSecret)
		}
	}
	if req.place.grpc {
		h.Set("Content-Type", "application/grpc")
		h.Set("Te", "trailers")
	}
	o := outcome{request: req, arrivals: a}
	resp, err := client.Do(sent)
	if err == nil {
		o.status, o.header = resp.StatusCode, resp.Header
		var content []byte
		content, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		o.body, o.trailer = string(content), resp.Trailer
	}
	o.err, o.ended = err, time.Now()
	w.upstreams.mu.Lock()
	delete(w.upstreams.sent, id)
	w.upstreams.mu.Unlock()
	w.check(o)
}

// slow is a body that comes in pieces.
type slow struct {
	left  int
	pause time.Duration
}

func (s *slow) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.pause)
	n := min(len(p), 2560, s.left)
	s.left -= n
	return n, nil
}

// intrude makes a request that has to be refused.
func (c caller) intrude(w *world, r *rand.Rand, client *http.Client) {
	sent, err := http.NewRequest("GET", "http://localhost/orders/1", nil)
	if err != nil {
		panic(err)
	}
	h := sent.Header
	want, status := "caller", http.StatusForbidden
	if c.listener == keyed {
		switch r.IntN(3) {
		case 0:
			h.Set("Alf-Caller-Secret", "a guess")
		case 1:
			h.Set("Proxy-Authorization", "Basic "+callerSecret)
		}
	} else {
		switch r.IntN(7) {
		case 0:
			h.Set("Sec-Fetch-Mode", "cors")
			h.Set("Sec-Fetch-Site", "cross-site")
			want = "browser"
		case 1:
			sent.Host = "evil.example"
			want, status = "host", http.StatusMisdirectedRequest
		case 2:
			sent.URL.RawPath, sent.URL.Path = "/orders/..%2Fstock", "/orders/../stock"
			want, status = "ambiguous", http.StatusBadRequest
		case 3:
			sent.URL.RawPath, sent.URL.Path = "/orders/%2e%2e/stock", "/orders/../stock"
			want, status = "ambiguous", http.StatusBadRequest
		case 4:
			h.Set("Authorization", "Bearer mine")
			want, status = "authorization", http.StatusBadRequest
		case 5:
			sent.URL.Path = "/ordersheets"
			want, status = "no-route", http.StatusNotFound
		case 6:
			h.Set("Connection", "authorization")
			want, status = "ambiguous", http.StatusBadRequest
		}
	}
	began := time.Now()
	resp, err := client.Do(sent)
	if err != nil {
		if !w.troubles.overlaps(proxyDraining, "", began, time.Now(), 0) {
			w.fail("X2", "a request that has to be refused failed: %v", err)
		}
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if got := resp.Header.Get("Alf-Error"); got != want || resp.StatusCode != status {
		w.fail("X2", "a request that has to be refused as %s by %d got %d, %q", want, status, resp.StatusCode, got)
	}
	w.cover("refused: " + want)
}

func read(o *outcome) int {
	n, err := strconv.Atoi(o.header.Get("X-Read"))
	if err != nil {
		return -1
	}
	return n
}
