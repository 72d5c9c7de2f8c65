package fleet

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/alf-go/alf/internal/core/pool"
)

// Parameters is what is drawn of a world before it begins, or what a test sets.
type Parameters struct {
	// Tokens is how many there are, and Clients how many client ids they are of.
	Tokens, Clients int
	// Limit is how many token requests may be in flight.
	Limit int
	// Interval is the mean time between two requests for the same token.
	Interval time.Duration
	// Lifetime is that of the tokens, and Latency the mean time that a token request takes.
	Lifetime, Latency time.Duration
	// Duration is how long faults may happen.
	Duration time.Duration
	// Patience is how long a caller waits at most; zero: without end.
	Patience time.Duration
	// Phases are what goes wrong, and when.
	Phases []Phase
	// Stuck is the probability that a request ignores its cancellation.
	Stuck float64
	// Churn is the mean time after which a token is closed and another one is made in its place; of a pool, after which
	// one is forgotten by hand. Zero: never.
	Churn time.Duration
	// Manual is the mean time between two manual refreshes of some token; zero: none.
	Manual time.Duration
	// Pool is what the tokens are kept in, each for a target of its own. MaxTokens 0: there is no pool, and they stay.
	Pool pool.Policy
	// Rejections and Watchers are the mean times between two 401s and two watchers that come, of a pool; zero: none.
	Rejections, Watchers time.Duration
}

// Phase is a fault that lasts for a while.
type Phase struct {
	From, To time.Duration
	Fault    Fault
	// Client is the client id that is affected; 0: all.
	Client uint64
	// RetryAfter is what a Throttling endpoint asks for.
	RetryAfter time.Duration
}

// Fault is what the endpoint does instead of issuing tokens.
type Fault uint8

// The faults.
const (
	None Fault = iota
	Refusing
	Erroring
	Hanging
	Denying
	Throttling
	faults
)

var faultNames = [faults]string{"none", "refusing connections", "5xx", "hanging", "denying credentials", "throttling"}

// String names the fault.
func (f Fault) String() string { return faultNames[f] }

// String is the parameters in a line.
func (p Parameters) String() string {
	return fmt.Sprintf("tokens %d, clients %d, limit %d, interval %v, lifetime %v, latency %v, duration %v, patience %v, stuck %.2f, churn %v, manual %v, phases %v, pool %+v, rejections %v, watchers %v",
		p.Tokens, p.Clients, p.Limit, p.Interval, p.Lifetime, p.Latency, p.Duration, p.Patience, p.Stuck, p.Churn, p.Manual, p.Phases, p.Pool, p.Rejections, p.Watchers)
}

// source is the one origin of everything random in a world.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 0x666c656574))} }

func (s source) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.Float64()*float64(to-from))
}

// about is a duration from half of d to one and a half.
func (s source) about(d time.Duration) time.Duration { return s.between(d/2, d+d/2) }

func pick[T any](s source, from ...T) T { return from[s.IntN(len(from))] }

// draw makes the parameters of a seed: mostly small worlds, and one of 2,000 tokens now and then.
func draw(s source) Parameters {
	p := Parameters{
		Tokens: 1 + s.IntN(40), Limit: pick(s, 1, 2, 4, 8, 16, 64), Interval: pick(s, time.Second, 5*time.Second, 30*time.Second),
		Lifetime: pick(s, 20*time.Second, time.Minute, 5*time.Minute, time.Hour), Latency: pick(s, time.Millisecond, 50*time.Millisecond, 300*time.Millisecond),
		Duration: s.between(30*time.Second, 6*time.Minute),
	}
	if s.IntN(40) == 0 {
		p.Tokens, p.Interval, p.Duration = 2000, 10*time.Second, time.Minute
		p.Latency, p.Lifetime = pick(s, time.Millisecond, 20*time.Millisecond), time.Hour
		p.Limit = max(p.Limit, 16)
	}
	p.Clients = pick(s, 1, 2, 3, p.Tokens)
	p.Clients = min(p.Clients, p.Tokens)
	if s.IntN(3) == 0 {
		p.Patience = s.between(0, 20*time.Second)
	}
	if s.IntN(4) == 0 {
		p.Stuck = 0.05
	}
	if s.IntN(4) == 0 {
		p.Churn = s.between(time.Second, time.Minute)
	}
	if s.IntN(4) == 0 {
		p.Manual = s.between(time.Second, time.Minute)
	}
	for range s.IntN(4) {
		f := Phase{From: s.between(0, p.Duration), Fault: Refusing + Fault(s.IntN(int(faults-Refusing)))}
		f.To = min(f.From+s.between(0, 2*time.Minute), p.Duration)
		if s.IntN(2) == 0 || f.Fault >= Denying && s.IntN(3) > 0 {
			f.Client = 1 + uint64(s.IntN(p.Clients))
		}
		if f.Fault == Throttling {
			f.RetryAfter = pick(s, 0, time.Second, 30*time.Second, time.Hour)
		}
		p.Phases = append(p.Phases, f)
	}
	if s.IntN(2) == 0 {
		drawPool(s, &p)
	}
	return p
}

// drawPool puts the tokens into a pool, of which some are too small for all of them. There the callers that find their
// token gone must not be more than the endpoint can serve.
func drawPool(s source, p *Parameters) {
	p.Pool = pool.Policy{MaxTokens: pick(s, 2*p.Tokens, p.Tokens, max(p.Tokens*3/4, 1), max(p.Tokens/3, 1)), IdleTime: pick(s, 20*time.Second, time.Minute, time.Hour)}
	perSecond := float64(p.Tokens) / p.Interval.Seconds()
	serves := min(float64(max(p.Limit/4, 1))/p.Latency.Seconds(), 100)
	if perSecond > serves/2 {
		p.Pool.MaxTokens = max(p.Pool.MaxTokens, p.Tokens)
	}
	if s.IntN(3) == 0 {
		p.Pool.MaxBusy = max(p.Tokens/pick(s, 1, 2, 4), 1)
	}
	if s.IntN(2) == 0 {
		p.Rejections = s.between(time.Second, 30*time.Second)
	}
	if s.IntN(2) == 0 {
		p.Watchers = s.between(5*time.Second, time.Minute)
	}
}
