package sharing

import (
	"math/rand/v2"
	"time"
)

// Parameters is what kind of world it is. A probability or a duration of zero switches its fault off.
type Parameters struct {
	Duration  time.Duration // until the faults end
	Processes int
	Interval  time.Duration // between the requests of a process, on average

	Lifetime  time.Duration // of a token
	Latency   time.Duration // of the token endpoint
	OneActive bool          // issuing a token revokes the one before
	// RefreshFraction is that of the token managers, without jitter. Zero: the default, with jitter.
	RefreshFraction float64
	Revoked         time.Duration // between revocations of all tokens
	Outages         time.Duration // between outages of the token endpoint, which last a tenth of it

	StoreLatency time.Duration
	Poll         time.Duration // from one question whether the store still has the token to the next; zero: the default
	Lost         float64       // commands that do not reach the store, and replies that do not come back
	Doubled      float64       // replies that come twice
	Late         float64       // replies that take up to half a second
	PushLost     float64       // pushes that are lost
	StoreDown    time.Duration // between times in which the store does not work, which last a fifth of it
	DataLost     time.Duration // between losses of data: the store is emptied, or an older copy takes its place
	Skew         time.Duration // by which clocks are wrong at most
	Deaths       time.Duration // between deaths of processes: another one takes the place at once
	Stops        time.Duration // between processes being stopped, for up to ten seconds
	Denied       bool          // the credentials of the first process are wrong
}

// Draw draws the parameters of a seed.
func Draw(seed uint64) Parameters {
	r := rand.New(rand.NewPCG(seed, 0x736861))
	pick := func(of ...time.Duration) time.Duration { return of[r.IntN(len(of))] }
	p := Parameters{
		Processes: []int{2, 2, 3, 5, 20}[r.IntN(5)],
		Lifetime:  pick(3*time.Second, 10*time.Second, time.Minute, 10*time.Minute),
		Latency:   pick(20*time.Millisecond, 200*time.Millisecond, 2*time.Second), StoreLatency: pick(time.Millisecond, 20*time.Millisecond),
		Interval: pick(100*time.Millisecond, time.Second),
	}
	p.Latency = min(p.Latency, p.Lifetime/10)
	p.Duration = min(4*p.Lifetime, 3*time.Minute) + 20*time.Second
	for _, fault := range []struct {
		of   *time.Duration
		most time.Duration
	}{
		{&p.Revoked, p.Lifetime}, {&p.Outages, 30 * time.Second}, {&p.StoreDown, 20 * time.Second}, {&p.DataLost, 10 * time.Second},
		{&p.Skew, 10 * time.Minute}, {&p.Deaths, 10 * time.Second}, {&p.Stops, 10 * time.Second},
	} {
		if r.Float64() < 0.35 {
			*fault.of = fault.most/4 + time.Duration(r.Int64N(int64(fault.most/4+1)))
		}
	}
	for _, fault := range []*float64{&p.Lost, &p.Doubled, &p.Late, &p.PushLost} {
		if r.Float64() < 0.35 {
			*fault = []float64{0.02, 0.2, 0.5}[r.IntN(3)]
		}
	}
	p.OneActive = r.Float64() < 0.3
	p.Denied = r.Float64() < 0.1
	return p
}
