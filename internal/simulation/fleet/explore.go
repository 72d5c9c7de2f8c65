package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// Small is a small world that [Explore] visits in every order of events: two tokens, one endpoint, and messages between
// them that take any time, in the order in which they were sent.
type Small struct {
	// Name identifies the world in reports.
	Name string
	// Clients is how many client ids the two tokens have: 1 or 2.
	Clients int
	// Limit is how many token requests may be in flight.
	Limit int
	// Faults are what a request may meet, beside success.
	Faults []Fault
	// Requests bounds how many there may be: at that number, nothing further happens.
	Requests int
	// Manual and Close let tokens be refreshed by hand, and be closed.
	Manual, Close bool
}

// SmallWorlds are those that are worth a visit.
func SmallWorlds() []Small {
	return []Small{
		{Name: "two client ids", Clients: 2, Limit: 1, Faults: []Fault{Erroring}, Requests: 4},
		{Name: "two in flight", Clients: 2, Limit: 2, Faults: []Fault{Erroring}, Requests: 3},
		{Name: "one client id", Clients: 1, Limit: 2, Faults: []Fault{Erroring, Throttling}, Requests: 3},
		{Name: "refusals", Clients: 2, Limit: 1, Faults: []Fault{Erroring, Denying}, Requests: 3},
		{Name: "by hand, and closed", Clients: 2, Limit: 1, Faults: []Fault{Erroring}, Requests: 2, Manual: true, Close: true},
	}
}

// Found is what a visit saw.
type Found struct {
	World               string
	States, Transitions int
	Violation           error // nil if every rule holds in every state
}

const smallTokens = 2

// smallPolicy makes few distinct durations, and so few states.
var smallPolicy = core.Policy{
	Attempts: 2, Jitter: -1, AttemptTimeout: time.Second, RoundTimeout: 2 * time.Second, MinBackoff: 2 * time.Second, MaxBackoff: 4 * time.Second,
	MinPermanentBackoff: 4 * time.Second, MaxPermanentBackoff: 4 * time.Second,
}.WithDefaults()

// smallState is everything there is: the cores, the messages on their way, and what is around the cores.
type smallState struct {
	tokens   [smallTokens]smallToken
	endpoint *endpoint.Core
	mail     []smallMail    // to the endpoint
	decided  []smallDecided // from the endpoint
	requests int            // that were made
	alarm    smallAlarm     // of the endpoint
	// troubled are the tokens that have met trouble since the last success, and admitted those whose tickets were
	// granted and have not ended, by the endpoint's account.
	troubled [smallTokens]bool
	admitted [smallTokens]bool
}

// smallToken is a token with at most one caller that waits.
type smallToken struct {
	core                       core.Core
	published, closed          bool
	left                       time.Duration // of the published token
	waiting, flying, cancelled bool
	flight                     uint64 // in flight
	queued                     uint64 // the flight that waits
	ticket                     bool   // the endpoint knows of it, or will
	attempts                   int    // that it began since a caller came
	alarm                      smallAlarm
	publication                uint64
}

// smallAlarm is a timer: the time that it is set for by its core, and how much of it is left.
type smallAlarm struct {
	on   bool
	left time.Duration
}

// smallMail is a message to the endpoint: of a token, named by its place.
type smallMail struct {
	kind                  endpoint.InputKind
	token                 int
	urgent, manual, retry bool
	throttled             bool
	outcome               endpoint.Outcome
	backoff               time.Duration
}

// smallDecided is a message from the endpoint.
type smallDecided struct {
	token int
	kind  core.InputKind
	wait  time.Duration
}

func (s *smallState) client(world *Small, token int) uint64 { return uint64(token%world.Clients) + 1 }

// pack names every field once, for both directions.
func (s *smallState) pack(p *core.Packer) {
	for i := range s.tokens {
		t := &s.tokens[i]
		core.Flags(p, &t.published, &t.closed, &t.waiting, &t.flying, &t.cancelled, &t.ticket, &t.alarm.on)
		core.Number(p, &t.left)
		core.Number(p, &t.flight)
		core.Number(p, &t.queued)
		core.Number(p, &t.attempts)
		core.Number(p, &t.alarm.left)
		core.Number(p, &t.publication)
	}
	core.Flags(p, &s.alarm.on, &s.troubled[0], &s.troubled[1], &s.admitted[0], &s.admitted[1])
	core.Number(p, &s.alarm.left)
	core.Number(p, &s.requests)
	core.List(p, &s.mail, func(m *smallMail) {
		core.Flags(p, &m.urgent, &m.manual, &m.retry, &m.throttled)
		core.Number(p, &m.kind)
		core.Number(p, &m.token)
		core.Number(p, &m.outcome)
		core.Number(p, &m.backoff)
	})
	core.List(p, &s.decided, func(d *smallDecided) {
		core.Number(p, &d.token)
		core.Number(p, &d.kind)
		core.Number(p, &d.wait)
	})
}

// key is what a state is compared by, and made from again.
func (s *smallState) key() string {
	k := *s
	for i := range k.tokens {
		t := &k.tokens[i]
		// The canonical core calls what is in flight, or waits, by one name.
		if t.flying {
			t.flight = core.CanonicalID
		} else {
			t.flight = 0
		}
		if t.queued > 0 {
			t.queued = core.CanonicalID
		}
		if t.published {
			t.publication = core.CanonicalID
		} else {
			t.publication, t.left = 0, 0
		}
		if !t.alarm.on {
			t.alarm.left = 0
		}
	}
	if !k.alarm.on {
		k.alarm.left = 0
	}
	var b []byte
	for i := range k.tokens {
		b = k.tokens[i].core.AppendKey(b)
	}
	b = k.endpoint.AppendKey(b)
	p := core.PackTo(b)
	k.pack(p)
	return string(p.Bytes())
}

func smallFromKey(world *Small, key string) *smallState {
	s := new(smallState)
	b := []byte(key)
	for i := range s.tokens {
		s.tokens[i].core, b = core.FromKey(smallPolicy, b)
	}
	s.endpoint, b = endpoint.Unpack(world.policy(), b)
	s.pack(core.UnpackFrom(b))
	return s
}

func (w *Small) policy() endpoint.Policy {
	return endpoint.Policy{MaxInFlight: w.Limit, MinBackoff: 2 * time.Second, MaxBackoff: 4 * time.Second}
}

// smallAction is one thing that may happen.
type smallAction struct {
	name  string
	token int
	fault Fault
}

// Explore visits every state of a small world, breadth first, until there are no more or a rule is broken.
func Explore(world Small) Found {
	x := &explorer{world: world, seen: map[string]int{}}
	first := &smallState{endpoint: endpoint.New(world.policy())}
	for i := range first.tokens {
		first.tokens[i].core = core.NewQueued(smallPolicy)
		first.tokens[i].core.Step(time.Unix(0, 0).UTC(), 0, core.Input{})
		first.endpoint.Step(time.Unix(0, 0).UTC(), 0, endpoint.Input{Kind: endpoint.Attach, Client: first.client(&world, i)})
	}
	x.add(first, -1, smallAction{name: "the beginning"})
	for i := 0; i < len(x.keys) && x.broken == nil; i++ {
		for _, a := range x.actions(smallFromKey(&world, x.keys[i])) {
			x.s = smallFromKey(&world, x.keys[i])
			x.do(a)
			x.found.Transitions++
			if x.broken != nil {
				x.found.Violation = fmt.Errorf("%w\n%s  %s", x.broken, x.path(i), a.describe())
				break
			}
			x.add(x.s, i, a)
		}
	}
	x.found.World, x.found.States = world.Name, len(x.keys)
	return x.found
}

// explorer is one search.
type explorer struct {
	world  Small
	seen   map[string]int
	keys   []string
	from   []int
	by     []smallAction
	s      *smallState
	broken error
	found  Found
}

func (a smallAction) describe() string {
	return fmt.Sprintf("%s (token %d, %v)\n", a.name, a.token, a.fault)
}

func (x *explorer) add(s *smallState, from int, by smallAction) {
	key := s.key()
	if _, known := x.seen[key]; known {
		return
	}
	x.seen[key] = len(x.keys)
	x.keys, x.from, x.by = append(x.keys, key), append(x.from, from), append(x.by, by)
}

// path is how a state was reached.
func (x *explorer) path(i int) (text string) {
	for ; i > 0; i = x.from[i] {
		text = "  " + x.by[i].describe() + text
	}
	return text
}

func (x *explorer) fail(rule, format string, args ...any) {
	if x.broken == nil {
		x.broken = fmt.Errorf("%s is broken in the small world %q: %s", rule, x.world.Name, fmt.Sprintf(format, args...))
	}
}

// actions is everything that may happen in a state.
func (x *explorer) actions(s *smallState) (all []smallAction) {
	if s.requests >= x.world.Requests {
		return nil
	}
	for i := range s.tokens {
		t := &s.tokens[i]
		add := func(name string, fault Fault) { all = append(all, smallAction{name, i, fault}) }
		if !t.waiting && !t.closed && !t.published {
			add("a caller asks", None)
		}
		if x.world.Manual && !t.closed && !t.waiting {
			add("a manual refresh", None)
		}
		if x.world.Close && !t.closed {
			add("close", None)
		}
		if t.flying {
			add("the request ends", None)
			for _, f := range x.world.Faults {
				add("the request ends", f)
			}
		}
		if t.alarm.on && t.alarm.left <= 0 {
			add("the timer fires", None)
		}
		if t.published && t.left <= 0 {
			add("the token expires", None)
		}
	}
	if s.alarm.on && s.alarm.left <= 0 {
		all = append(all, smallAction{name: "the endpoint's timer fires"})
	}
	if len(s.mail) > 0 {
		all = append(all, smallAction{name: "the endpoint takes a message"})
	}
	if len(s.decided) > 0 {
		all = append(all, smallAction{name: "a token takes a message"})
	}
	if _, ok := s.next(); ok {
		all = append(all, smallAction{name: "time passes"})
	}
	return all
}

// next is how long it takes until something happens by itself. Messages do not wait for that.
func (s *smallState) next() (d time.Duration, ok bool) {
	sooner := func(on bool, left time.Duration) {
		if on && (!ok || left < d) {
			d, ok = left, true
		}
	}
	for i := range s.tokens {
		sooner(s.tokens[i].alarm.on, s.tokens[i].alarm.left)
		sooner(s.tokens[i].published, s.tokens[i].left)
	}
	sooner(s.alarm.on, s.alarm.left)
	return d, ok && d > 0 && len(s.mail)+len(s.decided) == 0
}

// do is one action. Each core has a clock of its own, whose last reading is the same moment.
func (x *explorer) do(a smallAction) {
	s := x.s
	switch a.name {
	case "time passes":
		d, _ := s.next()
		for i := range s.tokens {
			t := &s.tokens[i]
			t.alarm.left -= d
			t.left -= d
			x.token(i, core.Input{}, d)
		}
		s.alarm.left -= d
		x.step(endpoint.Input{Kind: endpoint.Wake}, d)
	case "a caller asks":
		if s.tokens[a.token].attempts = 0; s.tokens[a.token].flying {
			s.tokens[a.token].attempts = 1
		}
		x.token(a.token, core.Input{Kind: core.Get}, 0)
	case "a manual refresh":
		x.token(a.token, core.Input{Kind: core.Refresh, Wait: true}, 0)
	case "close":
		x.token(a.token, core.Input{Kind: core.Close}, 0)
		s.tokens[a.token].closed = true
		s.mail = append(s.mail, smallMail{kind: endpoint.Detach, token: a.token})
	case "the request ends":
		x.ends(a)
	case "the timer fires":
		t := &s.tokens[a.token]
		t.alarm = smallAlarm{}
		x.token(a.token, core.Input{Kind: core.Wake}, 0)
	case "the token expires":
		x.token(a.token, core.Input{Kind: core.Expire, Publication: s.tokens[a.token].publication}, 0)
	case "the endpoint's timer fires":
		s.alarm = smallAlarm{}
		x.step(endpoint.Input{Kind: endpoint.Wake}, 0)
	case "the endpoint takes a message":
		m := s.mail[0]
		s.mail = s.mail[1:]
		x.receive(m)
	case "a token takes a message":
		d := s.decided[0]
		s.decided = s.decided[1:]
		x.token(d.token, core.Input{Kind: d.kind, Flight: s.tokens[d.token].queued, For: d.wait}, 0)
	}
	x.checkProgress()
}

// ends is a request that ends.
func (x *explorer) ends(a smallAction) {
	t := &x.s.tokens[a.token]
	r := core.Result{OK: a.fault == None && !t.cancelled}
	switch {
	case r.OK:
		r.Expiry = t.core.Wall().Add(20 * time.Second)
	case a.fault == Throttling:
		r.EndsRound, r.RetryAfter = true, 5*time.Second
	case a.fault == Denying:
		r.Permanent = true
	}
	m := smallMail{kind: endpoint.Ended, token: a.token, outcome: endpoint.Works, throttled: r.EndsRound}
	if a.fault == Erroring || t.cancelled {
		m.outcome = endpoint.ServerError
	}
	flight := t.flight
	t.flying, t.cancelled = false, false
	x.ending(a.token, core.Input{Kind: core.Fetched, Flight: flight, Result: r}, m)
}

// ending steps a token whose request ended, and then sends the endpoint word, as the manager does.
func (x *explorer) ending(i int, in core.Input, m smallMail) {
	x.tokenWith(i, in, 0, func(t *smallToken) {
		m.retry, m.backoff = t.core.Retrying(), t.core.Backoff()
		if t.core.State().Closed {
			m.outcome, m.throttled = endpoint.NoEvidence, false
		}
		t.ticket = false
		x.s.mail = append(x.s.mail, m)
	})
}

func (x *explorer) token(i int, in core.Input, later time.Duration) { x.tokenWith(i, in, later, nil) }

// tokenWith gives a token an input, and applies the effects.
func (x *explorer) tokenWith(i int, in core.Input, later time.Duration, freed func(*smallToken)) {
	t := &x.s.tokens[i]
	in.Read = true
	waits := t.waiting
	e := t.core.Step(t.core.Wall().Add(later), 0, in)
	if e.Cancel {
		t.cancelled = true
		if in.Kind != core.Close && t.attempts <= 1 && in.Kind != core.Wake && later == 0 {
			x.fail("E1", "a request of token %d is cancelled by an input of kind %d", i, in.Kind)
		}
	}
	if e.Withdraw {
		t.published = false
	}
	if e.Publish {
		t.published, t.left, t.publication = true, e.Publication.Life, e.Publication.Number
	}
	switch {
	case e.Freed && freed != nil:
		freed(t)
	case e.Freed: // it was given up
		t.flying, t.cancelled, t.ticket = false, false, false
		x.s.mail = append(x.s.mail, smallMail{kind: endpoint.Ended, token: i, outcome: endpoint.NoResponse, retry: t.core.Retrying(), backoff: t.core.Backoff()})
	}
	if e.Unqueue {
		t.queued, t.ticket = 0, false
		x.s.mail = append(x.s.mail, smallMail{kind: endpoint.Withdraw, token: i})
	}
	if e.Decline {
		x.s.mail = append(x.s.mail, smallMail{kind: endpoint.Ended, token: i, outcome: endpoint.NoEvidence})
	}
	if e.Enqueue {
		t.queued, t.ticket = e.Flight, true
	}
	if e.Enqueue || e.Promote {
		x.s.mail = append(x.s.mail, smallMail{kind: endpoint.Want, token: i, urgent: e.Urgent, manual: e.Manual})
	}
	if e.Fetch {
		if t.flying {
			x.fail("M3", "token %d has two requests in flight", i)
		}
		t.flying, t.flight, t.queued = true, e.Flight, 0
		t.attempts++
		x.s.requests++
		flying := 0
		for j := range x.s.tokens {
			if x.s.tokens[j].flying {
				flying++
			}
		}
		if flying > x.world.Limit {
			x.fail("E1", "%d requests are in flight, and the limit is %d", flying, x.world.Limit)
		}
	}
	if e.Release != core.None {
		if e.Release == core.Failed && waits && e.Failure.Kind == core.Returned && t.attempts == 0 {
			x.fail("E1", "a caller of token %d fails, and no request was made", i)
		}
		t.waiting = false
	}
	if e.Reply == core.Wait || e.Reply == core.WaitOrServe {
		t.waiting = true
	}
	t.alarm = smallAlarm{on: e.Armed, left: t.core.Left(e.Wake)}
	if t.alarm.on && t.alarm.left <= 0 {
		x.fail("M17", "token %d leaves a deadline unhandled", i)
	}
}

// receive is a message that the endpoint takes. A ticket is named by its token, which has one at a time.
func (x *explorer) receive(m smallMail) {
	in := endpoint.Input{
		Kind: m.kind, Ticket: endpoint.Ticket(m.token + 1), Client: x.s.client(&x.world, m.token), Urgent: m.urgent, Manual: m.manual,
		Outcome: m.outcome, Retry: m.retry, Throttled: m.throttled, Backoff: m.backoff,
	}
	if m.throttled {
		in.RetryAfter, in.Status = 5*time.Second, 429
	}
	if m.kind == endpoint.Ended {
		x.s.admitted[m.token] = false
		switch {
		case m.outcome == endpoint.Works:
			x.s.troubled = [smallTokens]bool{}
		case m.outcome.Trouble():
			x.s.troubled[m.token] = true
		}
	}
	x.step(in, 0)
}

// step gives the endpoint an input, and applies the effects.
func (x *explorer) step(in endpoint.Input, later time.Duration) {
	s := x.s
	e := s.endpoint.Step(s.endpoint.Wall().Add(later), 0, in)
	for _, r := range e.Refused {
		i := int(r.Ticket) - 1
		other := 1 - i
		if !r.Throttled && x.world.Clients == 2 && !(s.troubled[i] && s.troubled[other]) && !(s.tokens[i].closed || s.tokens[other].closed) {
			x.fail("E2", "a caller of token %d is refused, and only one client id has met trouble", i)
		}
		s.decided = append(s.decided, smallDecided{token: i, kind: core.Refuse, wait: r.For})
	}
	for _, id := range e.Lifted {
		s.decided = append(s.decided, smallDecided{token: int(id) - 1, kind: core.Refuse})
	}
	for _, id := range e.Granted {
		s.admitted[id-1] = true
		s.decided = append(s.decided, smallDecided{token: int(id) - 1, kind: core.Admitted})
	}
	if s.admitted[0] && s.admitted[1] && x.world.Limit == 1 {
		x.fail("E1", "both tokens are admitted, and the limit is 1")
	}
	s.alarm = smallAlarm{on: e.Armed, left: s.endpoint.Left(e.Wake)}
	if s.alarm.on && s.alarm.left <= 0 {
		x.fail("M17", "the endpoint leaves a deadline unhandled")
	}
}

// checkProgress: a caller that waits is waiting for something that will happen.
func (x *explorer) checkProgress() {
	s := x.s
	if len(s.mail)+len(s.decided) > 0 || s.alarm.on {
		return
	}
	for i := range s.tokens {
		if s.tokens[i].flying || s.tokens[i].alarm.on {
			return
		}
	}
	for i := range s.tokens {
		if s.tokens[i].waiting {
			x.fail("E1", "a caller of token %d waits, and nothing will ever happen", i)
		}
	}
}
