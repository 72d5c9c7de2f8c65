package proxy_test

import (
	"math/rand/v2"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// parameters is a world before it begins.
type parameters struct {
	duration time.Duration
	lifetime time.Duration // of tokens
	latency  time.Duration // of token requests
	interval time.Duration // between the requests of a caller, on average

	// Average times between two events of a kind. 0: there are none.
	revocations, outages, upstreamFaults, rejections, reloads, restarts time.Duration

	weighings time.Duration // between two. 0: there are none
}

// drawParameters draws a world of a day. One of eight is calm: nothing happens but requests.
func drawParameters(r *rand.Rand) parameters {
	p := parameters{
		duration: 24 * time.Hour,
		lifetime: []time.Duration{3 * time.Minute, 10 * time.Minute, 20 * time.Minute, time.Hour}[r.IntN(4)],
		latency:  time.Duration(20+r.IntN(300)) * time.Millisecond,
		interval: time.Duration(40+r.IntN(40)) * time.Second,
	}
	if r.IntN(8) == 0 {
		return p
	}
	sometimes := func(average time.Duration) time.Duration {
		if r.IntN(6) == 0 {
			return 0
		}
		return average/2 + time.Duration(r.Int64N(int64(average)))
	}
	p.revocations, p.outages = sometimes(25*time.Minute), sometimes(45*time.Minute)
	p.upstreamFaults, p.rejections = sometimes(40*time.Minute), sometimes(3*time.Hour)
	p.reloads, p.restarts = sometimes(40*time.Minute), sometimes(2*time.Hour)
	return p
}

// busy is a world in which everything happens.
func busy() parameters {
	return parameters{
		duration: 24 * time.Hour, lifetime: 10 * time.Minute, latency: 100 * time.Millisecond, interval: time.Minute,
		revocations: 20 * time.Minute, outages: 40 * time.Minute, upstreamFaults: 30 * time.Minute, rejections: 2 * time.Hour,
		reloads: 30 * time.Minute, restarts: 90 * time.Minute,
	}
}

// steady is a world in which one proxy serves and is never restarted, so that what it keeps can be seen: the memory in
// use is weighed.
func steady() parameters {
	p := busy()
	p.duration, p.interval, p.reloads, p.restarts, p.weighings = 3*time.Hour, 30*time.Second, 5*time.Minute, 0, 5*time.Minute
	return p
}

// place is a route of the world, with its upstream.
type place struct {
	name, path, host, upstreamPath string
	client                         int // of the two
	audience                       []string
	headers                        routing.Headers
	grpc                           bool
	patience                       time.Duration
}

const callerSecret = "the secret of this listener's callers"

// Listeners.
const (
	open  = "unix:open.sock"
	keyed = "unix:keyed.sock"
	extra = "unix:extra.sock" // which reloads open and close
)

var usual = routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}

func places() []place {
	two := []string{"https://orders.example", "https://files.example"}
	replace, pass := usual, usual
	replace.Authorization, replace.Cookies = routing.Replace, routing.Pass
	pass.Authorization = routing.Pass
	return []place{
		{name: "orders", path: "/orders/", host: "orders.example", upstreamPath: "/v2/", audience: two, headers: usual},
		{name: "files", path: "/files", host: "files.example", audience: two, headers: usual},
		{name: "stock", path: "/stock", host: "stock.example", audience: []string{"https://stock.example"}, headers: usual, patience: 5 * time.Second},
		{name: "pay", path: "/pay", host: "pay.example", upstreamPath: "/", client: 1, audience: []string{"https://pay.example"}, headers: replace},
		{name: "rpc", path: "/rpc.Stock", host: "rpc.example", audience: []string{"https://rpc.example"}, headers: usual, grpc: true},
		{name: "own", path: "/own", host: "own.example", client: 1, audience: []string{"https://own.example"}, headers: pass},
	}
}

func (p *place) route() proxy.Route {
	return proxy.Route{
		Route:    routing.Route{Name: p.name, Path: p.path, UpstreamPath: p.upstreamPath, Headers: p.headers},
		Upstream: urlOf("https://" + p.host), Client: p.client, Target: alf.Target{Audience: p.audience}, ResponseTime: p.patience,
	}
}

// target names the token of a route.
func (p *place) target() string { return p.audience[0] }

// under is where all paths of the upstream have to be.
func (p *place) under() string {
	if p.upstreamPath != "" {
		return p.upstreamPath
	}
	return p.path
}
