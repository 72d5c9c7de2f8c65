package proxied

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/program/demo/tally"
)

// kind is one kind of traffic: what curl or a program would send.
type kind struct {
	name string
	send func(ctx context.Context, l *lab, c clients) (outcome, error)
}

// outcome is what became of one request.
type outcome int

const (
	served  outcome = iota
	refused         // the proxy has no token, and has not sent it
	failed
)

// clients are those of one caller. None of them knows of tokens.
type clients struct{ http1, http2 *http.Client }

func newClients(socket string) clients {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	one := &http.Transport{DialContext: dial}
	two := &http.Transport{DialContext: dial, Protocols: new(http.Protocols)}
	two.Protocols.SetUnencryptedHTTP2(true)
	return clients{&http.Client{Transport: one}, &http.Client{Transport: two}}
}

func (c clients) close() {
	c.http1.CloseIdleConnections()
	c.http2.CloseIdleConnections()
}

var upload = bytes.Repeat([]byte("u"), 1<<20)

// kinds are all there are.
var kinds = []kind{
	{"GET", func(ctx context.Context, _ *lab, c clients) (outcome, error) {
		return send(ctx, c.http1, "GET", "/items", nil, "")
	}},
	{"POST of 4 KB", func(ctx context.Context, _ *lab, c clients) (outcome, error) {
		return send(ctx, c.http1, "POST", "/items", bytes.NewReader(upload[:4096]), "")
	}},
	{"upload of 1 MB", func(ctx context.Context, _ *lab, c clients) (outcome, error) {
		return send(ctx, c.http1, "PUT", "/files", bytes.NewReader(upload), "")
	}},
	{"HTTP/2", func(ctx context.Context, _ *lab, c clients) (outcome, error) {
		return send(ctx, c.http2, "GET", "/items", nil, "")
	}},
	{"gRPC call", func(ctx context.Context, _ *lab, c clients) (outcome, error) {
		return send(ctx, c.http2, "POST", "/calls.Service/Call", io.MultiReader(strings.NewReader("\x00\x00\x00\x00\x02ab")), "application/grpc")
	}},
	{"event stream", sendEvents},
	{"websocket", sendChat},
}

// send makes one request and reads the whole response.
func send(ctx context.Context, c *http.Client, method, path string, body io.Reader, contentType string) (outcome, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return failed, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.Do(req)
	if err != nil {
		return failed, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return failed, err
	}
	return classify(resp)
}

// classify says what a response means to the caller.
func classify(resp *http.Response) (outcome, error) {
	status := resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status")
	switch {
	case resp.Header.Get("Alf-Error") == "no-token":
		return refused, nil
	case resp.StatusCode == http.StatusOK && (status == "" || status == "0"), resp.StatusCode == http.StatusSwitchingProtocols:
		return served, nil
	case resp.StatusCode == http.StatusUnauthorized && resp.Request != nil && resp.Request.ContentLength > 64<<10:
		// A body that is too long to be kept is not sent again: the caller does that.
		return again, nil
	}
	return failed, fmt.Errorf("status %s, grpc-status %q, Alf-Error %q", resp.Status, status, resp.Header.Get("Alf-Error"))
}

// sendEvents reads one stream of events.
func sendEvents(ctx context.Context, _ *lab, c clients) (outcome, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+eventsPath, nil)
	if err != nil {
		return failed, err
	}
	resp, err := c.http1.Do(req)
	if err != nil {
		return failed, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return failed, err
	}
	if n := bytes.Count(body, []byte("data: ")); resp.StatusCode == http.StatusOK && n != events {
		return failed, fmt.Errorf("%d events of %d", n, events)
	}
	return classify(resp)
}

// sendChat opens a websocket and sends ten messages.
func sendChat(ctx context.Context, l *lab, _ clients) (outcome, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", l.socket)
	if err != nil {
		return failed, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", chatPath)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return failed, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return classify(resp)
	}
	for i := range events {
		line := fmt.Sprintln("message", i)
		if _, err := io.WriteString(conn, line); err != nil {
			return failed, err
		}
		if got, err := r.ReadString('\n'); err != nil || got != line {
			return failed, fmt.Errorf("message %d came back as %q: %w", i, got, err)
		}
	}
	return served, nil
}

const (
	callersOfEach = 3
	pause         = 20 * time.Millisecond
)

// again is an outcome in the meantime: the caller sends the request once more.
const again outcome = -1

// counts are what one kind of traffic came to in one act.
type counts struct {
	served                 tally.Histogram // of how long they took
	refused, failed, again atomic.Int64
	first                  atomic.Pointer[string] // failure
}

// traffic is all callers.
type traffic struct {
	lab    *lab
	act    atomic.Pointer[Act]
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// start begins sending, and counts for an act.
func start(l *lab, act *Act) *traffic {
	t := &traffic{lab: l}
	t.act.Store(act)
	var ctx context.Context
	ctx, t.cancel = context.WithCancel(context.Background())
	for i := range kinds {
		for range callersOfEach {
			t.wg.Go(func() { t.call(ctx, i) })
		}
	}
	return t
}

// call sends requests of one kind, one after the other, until ctx ends. The request in flight is brought to its end.
func (t *traffic) call(ctx context.Context, kind int) {
	c := newClients(t.lab.socket)
	defer c.close()
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		act := t.act.Load()
		began := time.Now()
		o, err := kinds[kind].send(limited, t.lab, c)
		if o == again {
			act.Counts[kind].again.Add(1)
			o, err = kinds[kind].send(limited, t.lab, c)
		}
		cancel()
		if now := t.act.Load(); o == refused && now.Outage {
			act = now // otherwise a request belongs to the act in which it began
		}
		act.Counts[kind].note(o, err, time.Since(began))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (c *counts) note(o outcome, err error, took time.Duration) {
	switch o {
	case served:
		c.served.Record(took)
	case refused:
		c.refused.Add(1)
	default:
		c.failed.Add(1)
		text := "refused again"
		if err != nil {
			text = err.Error()
		}
		c.first.CompareAndSwap(nil, &text)
	}
}

// end stops sending, and waits for the requests in flight.
func (t *traffic) end() {
	t.cancel()
	t.wg.Wait()
}
