package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
)

// keeper is a base that keeps the request, as real transports do, and does nothing else. Without the keeping, the
// compiler would let copies live on the stack. What it keeps it keeps long enough to see whether a peer pools.
type keeper struct {
	kept [64]*http.Request
	next int
	resp http.Response
}

// RoundTrip keeps req.
func (k *keeper) RoundTrip(req *http.Request) (*http.Response, error) {
	k.kept[k.next%len(k.kept)] = req
	k.next++
	return &k.resp, nil
}

func newKeeper() *keeper {
	return &keeper{resp: http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}}}
}

// behindNetHTTP is net/http's own transport, which most clients send through, over the keeper instead of connections.
func (k *keeper) behindNetHTTP() http.RoundTripper {
	base := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // registers no "https"
	base.RegisterProtocol("https", k)
	return base
}

// pools reports whether a request that the base still keeps was used for another one.
func (k *keeper) pools() bool {
	seen := map[*http.Request]bool{}
	for _, req := range k.kept {
		if req != nil && seen[req] {
			return true
		}
		seen[req] = true
	}
	return false
}

// The requests of point 2: the name says how many headers there are.
type requestKind struct {
	headers int
	body    bool
}

func (k requestKind) String() string {
	if k.body {
		return fmt.Sprintf("POST, %d headers", k.headers)
	}
	return fmt.Sprintf("GET, %d headers", k.headers)
}

func (k requestKind) request() *http.Request {
	method, body := http.MethodGet, ""
	if k.body {
		method, body = http.MethodPost, strings.Repeat("x", 4096)
	}
	req, err := http.NewRequest(method, "https://api.example.com/v1/things", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if !k.body {
		req.Body, req.GetBody = nil, nil
	}
	for i := range k.headers {
		req.Header.Set(fmt.Sprintf("X-Header-%d", i), "value")
	}
	return req
}

// sending is point 2.
func sending(b *bench) section {
	s := section{
		title: "Sending a request",
		text: "One RoundTrip over an http.Transport with a protocol that keeps the request and does nothing, on one goroutine. (Over a base " +
			"that is not net/http's, alf also copies the URL and the headers' values, because such a base may edit them.) The floor is a shallow copy of " +
			"the request and of its header map, with a header value that exists already. A POST has a body of 4 KiB and a GetBody. " +
			"azcore is its whole pipeline, without retries; it copies the body, and writes the token into the caller's headers instead of copying those.",
	}
	var peers []peer
	for _, p := range append([]peer{floor, floorReading}, libraries...) {
		if p.sender != nil {
			peers = append(peers, p)
		}
	}
	picture := chart{file: "send", title: "Adding the token to a request", unit: "ns per request"}
	calls := b.scaled(20_000, 1000)
	noneMore, aheadOfX, nothingPooled := true, true, true
	var toFloor []sample
	var clockReads, toReading, more, ahead []string
	for _, kind := range []requestKind{{3, false}, {12, false}, {3, true}, {12, true}} {
		t := table{title: kind.String(), heads: []string{"", "ns", "spread", "times the floor", "bytes", "allocations"}}
		trials := make([]trial, len(peers))
		costs := make([][2]float64, len(peers))
		for i, p := range peers {
			keeper, req := newKeeper(), kind.request()
			transport := p.sender(keeper.behindNetHTTP())
			spin := func(n int) {
				for range n {
					if _, err := transport.RoundTrip(req); err != nil {
						panic(err)
					}
				}
			}
			costs[i][0], costs[i][1] = allocated(calls/10, spin)
			if p.name == theClient.name {
				nothingPooled = nothingPooled && !keeper.pools()
			}
			trials[i] = func() float64 { return perCall(1, calls, spin) }
		}
		samples := interleave(b.rounds(41), b.step("sending, "+kind.String()), trials...)
		bars := group{name: kind.String()}
		for i, p := range peers {
			over := samples[i].over(samples[0]).median()
			t.row(p.name, number(samples[i].median()), percent(samples[i].spread()), exactly(over), number(costs[i][0]), number(costs[i][1]))
			bars.bars = append(bars.bars, bar{p.name, samples[i].median(), fmt.Sprintf("%s ns, %.0f allocations", number(samples[i].median()), costs[i][1])})
		}
		ours, theirs := indexOf(peers, theClient), indexOf(peers, xoauth2)
		reading := indexOf(peers, floorReading)
		toFloor = append(toFloor, samples[ours].over(samples[0]))
		clockReads = append(clockReads, exactly(samples[reading].over(samples[0]).median()))
		toReading = append(toReading, exactly(samples[ours].over(samples[reading]).median()))
		noneMore = noneMore && costs[ours][1] <= costs[0][1]
		more = append(more, fmt.Sprintf("%.0f to %.0f", costs[ours][1], costs[0][1]))
		times := samples[theirs].over(samples[ours]).median()
		aheadOfX = aheadOfX && times > 1 && costs[ours][0] < costs[theirs][0] && costs[ours][1] < costs[theirs][1]
		ahead = append(ahead, ratio(times))
		s.tables = append(s.tables, t)
		picture.groups = append(picture.groups, bars)
	}
	s.charts = append(s.charts, picture)
	order := " (GET with 3 and 12 headers, POST with 3 and 12)"
	s.compare(toFloor, 1.15, false, "within 1.15 times the floor"+order, "; of the floor with a clock read: "+strings.Join(toReading, ", "))
	if s.goals[0].status != met {
		s.notes = append(s.notes, "The floor as the goal has it reads no clock, which a client cannot do that must not send an expired token. "+
			"With a clock read it is itself "+strings.Join(clockReads, ", ")+" times the floor: with 3 headers, that leaves next to nothing of the "+
			"1.15 for looking at the URL's scheme, at the headers' names and at the response's status.")
	}
	s.check(noneMore, "no allocation more than the floor"+order, strings.Join(more, ", "))
	s.check(nothingPooled, "nothing pooled", "64 requests kept at the same time, all different")
	s.check(aheadOfX, "ahead of oauth2.Transport in time, bytes and allocations", "it takes "+strings.Join(ahead, ", ")+" the time")
	return s
}
