package world

import (
	"fmt"
	"strings"
	"time"
)

// Parameters is what kind of world it is. [Draw] draws them from a seed; each fault is on in some worlds and off in
// others, so that none hides what another one would show. A duration or a probability of zero switches its fault off.
type Parameters struct {
	Duration  time.Duration // until the faults end
	Processes int           // that share one token endpoint
	Callers   int           // per process
	Interval  time.Duration // between one caller's requests, on average
	Burst     int           // callers that arrive at once, now and then
	Patience  time.Duration // how long a caller waits for a token
	APIs      int           // each an origin of its own
	Paths     int           // of each API; 0 is one
	Unnamed   float64       // callers that name no origin and report no outcome
	MinLife   time.Duration // for which some callers want their token to remain valid
	Extreme   bool          // the managers have extreme settings

	Lifetime time.Duration // of a token
	Latency  time.Duration // of the token endpoint
	API      time.Duration // latency of the APIs
	Late     float64       // responses of APIs that take so long that their token may be an older one by then

	Outage           time.Duration // how long the token endpoint is in trouble, now and then
	Troubles         []Trouble     // which
	RetryAfter       time.Duration // that it asks for
	Slow             float64       // responses that take seconds
	Stuck            float64       // fetches that ignore their cancellation
	Repeat           bool          // the same token is handed out until it expires
	ExpiredOnArrival float64       // tokens that are expired on arrival
	NoLifetime       float64       // tokens that come without a lifetime, or an absurd one
	RefreshIn        float64       // responses with refresh_in
	OneActive        bool          // issuing a token revokes the one before
	Recheck          bool          // credentials that the endpoint denies can be read again

	Revocations  time.Duration // between them, on average
	StaleRepeat  bool          // a repeated token is handed out even though it was revoked
	KeyLag       time.Duration // how long APIs do not know the keys after a roll-over
	AlwaysReject bool          // one API rejects everything
	DeniedPaths  int           // of the first API: they reject everything, because a permission is missing
	BadReplicas  float64       // responses of the first API that come from a replica which rejects everything
	Introspects  bool          // the first API rejects everything while the token endpoint is in trouble
	ManyAPIs     bool          // rejections come from more origins than are remembered

	ClockSteps float64 // a day's worth of the wall clock, there and back
	Drift      float64
	Sleeps     bool
	Manual     bool // a caller calls Refresh and Invalidate by hand
	Watchers   int  // of each process: loops over the token's successors
	Closes     bool // processes are closed in the middle of anything

	Offers time.Duration // between the tokens that come from elsewhere, to each process, on average
}

// Trouble is a way for the token endpoint to fail.
type Trouble uint8

// The troubles of a token endpoint.
const (
	Healthy    Trouble = iota
	Refusing           // connections are refused
	Hanging            // requests are accepted and never responded to
	Throttling         // 429 with Retry-After
	Overloaded         // 503 with Retry-After
	Denying            // invalid_client
	Garbling           // responses that make no sense
	Crawling           // responses that come after the attempt's time is up
)

var troubleNames = [...]string{"healthy", "refusing", "hanging", "throttling", "overloaded", "denying", "garbling", "crawling"}

// String names the trouble.
func (t Trouble) String() string { return troubleNames[t] }

// Draw draws the parameters of a seed.
func Draw(seed uint64) Parameters {
	k, _ := drawn(seed)
	return k
}

// drawn draws the parameters of a seed, and returns the source that draws what happens in its world.
func drawn(seed uint64) (Parameters, source) {
	s, later := seeded(seed), seededLater(seed)
	k := draw(&s)
	drawLater(&later, &k)
	return k, s
}

// drawLater draws the parameters that came later, from a source of their own, so that seeds keep their worlds.
func drawLater(s *source, k *Parameters) {
	if s.chance(0.2) {
		k.MinLife = pick(s, k.Lifetime/3, k.Lifetime*2/3, 2*k.Lifetime)
	}
	k.Extreme = s.chance(0.1)
	if s.chance(0.25) {
		k.Offers = s.about(max(k.Lifetime/2, 300*time.Millisecond))
	}
}

func draw(s *source) Parameters {
	k := Parameters{
		Lifetime: pick(s, time.Hour, time.Minute, 10*time.Second, 5*time.Second, time.Second, 2*time.Second, 5*time.Minute, 24*time.Hour),
		Latency:  pick(s, 20*time.Millisecond, 0, 200*time.Millisecond, time.Second, 3*time.Second),
		API:      pick(s, 10*time.Millisecond, time.Millisecond, 300*time.Millisecond),
		APIs:     1 + s.below(3),
		Callers:  pick(s, 1, 3, 10, 30),
	}
	k.Processes = pick(s, 1, 1, 1, 2, 4)
	// A handful of token lives, but no longer than there is something to see.
	k.Duration = min(max(s.about(6*k.Lifetime), 30*time.Second), 6*time.Hour)
	k.Interval = s.about(max(k.Duration*time.Duration(k.Callers*k.Processes)/1000, 10*time.Millisecond))
	on := func() bool { return s.chance(0.4) }
	if on() {
		k.Burst = pick(s, 10, 100, 1200)
	}
	if on() {
		k.Patience = pick(s, 30*time.Millisecond, time.Second, 7*time.Second)
	}
	if on() {
		k.Late = 0.1
	}
	if on() {
		k.Outage = s.about(max(k.Lifetime/3, 2*time.Second))
		for t := Refusing; t <= Crawling; t++ {
			if s.chance(0.4) {
				k.Troubles = append(k.Troubles, t)
			}
		}
	}
	if on() {
		k.RetryAfter = pick(s, time.Second, 30*time.Second, 5*time.Minute, time.Hour)
	}
	if on() {
		k.Slow = 0.2
	}
	if on() {
		k.Stuck = 0.15
	}
	k.Repeat = on()
	if on() {
		k.ExpiredOnArrival = 0.15
	}
	if on() {
		k.NoLifetime = 0.2
	}
	if on() {
		k.RefreshIn = 0.5
	}
	if on() {
		k.Revocations = s.about(max(k.Lifetime/2, 700*time.Millisecond))
		k.StaleRepeat = s.chance(0.3)
	}
	if on() {
		k.KeyLag = s.about(2 * time.Second)
	}
	k.AlwaysReject = s.chance(0.3)
	k.ManyAPIs = s.chance(0.1)
	if on() {
		k.ClockSteps = 0.5
	}
	if on() {
		k.Drift = pick(s, 0.0005, -0.0005, 0.02, -0.02)
	}
	k.Sleeps = s.chance(0.3)
	k.Manual = s.chance(0.3)
	k.Closes = s.chance(0.2)
	if s.chance(0.3) {
		k.Paths = pick(s, 2, 5, 200)
		k.DeniedPaths = s.below(min(k.Paths, 4))
	}
	if s.chance(0.2) {
		k.BadReplicas = pick(s, 0.1, 0.33, 0.7)
	}
	if s.chance(0.2) {
		k.Unnamed = pick(s, 0.1, 0.5, 1)
	}
	k.Introspects = s.chance(0.2)
	k.OneActive = s.chance(0.1)
	k.Recheck = s.chance(0.5)
	if aside := s.aside(1); aside.chance(0.4) {
		k.Watchers = pick(&aside, 1, 2, 5)
	}
	return k
}

// String lists the parameters that are not off.
func (k Parameters) String() string {
	text := fmt.Sprintf("%+v", k.plain())
	var on []string
	for _, field := range strings.Fields(strings.Trim(text, "{}")) {
		name, value, found := strings.Cut(field, ":")
		if found && (value == "0" || value == "0s" || value == "false" || value == "[]") {
			continue
		}
		if !found {
			on[len(on)-1] += " " + field
			continue
		}
		on = append(on, name+"="+value)
	}
	return strings.Join(on, " ")
}

// plain is k without its String method.
func (k Parameters) plain() any {
	type plain Parameters
	return plain(k)
}
