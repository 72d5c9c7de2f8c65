package world

import "time"

// Plan is a world that is prescribed: its parameters, as in any world, and actions at certain times.
type Plan struct {
	Parameters
	Actions []Action
	Traffic []Traffic
}

// Traffic is a stream of requests that begin whether or not the ones before have ended.
type Traffic struct {
	Process      int
	API          int
	First, Paths int           // requests go to so many paths, from the first one on; 0 is one
	Every        time.Duration // from one request to the next
	Spread       time.Duration // by which that is shorter or longer at most
}

// Action is something done to a world at a certain time.
type Action struct {
	At      time.Duration
	Do      ActionKind
	Process int           // the process it concerns, if it concerns one
	Count   int           // of an Arrive: how many callers
	For     time.Duration // of an Outage or a Sleep: how long; of a StepClock: by how much; of an AskLonger: for how long
	Trouble Trouble       // of an Outage
}

// ActionKind is what is done.
type ActionKind uint8

// The actions.
const (
	Arrive    ActionKind = iota // so many callers ask for a token and send a request
	Outage                      // the token endpoint is in trouble for a while
	Revoke                      // all tokens issued so far are revoked
	RollKeys                    // the keys change; see Parameters.KeyLag
	StepClock                   // a process's wall clock is stepped
	Sleep                       // a process's machine sleeps for a while
	Refresh                     // a caller calls Refresh
	AskLonger                   // a caller wants a token that remains valid for a while
	Close                       // a process's manager is closed
)

// actions plans what a plan prescribes.
func (w *World) actions(actions []Action) {
	for _, d := range actions {
		w.script = append(w.script, func(w *World) { w.do(d) })
		w.plan(event{at: d.At, kind: scripted, a: int64(len(w.script) - 1)})
	}
}

// stream begins the traffic of a plan.
func (w *World) stream(streams []Traffic) {
	w.traffic = streams
	for i, s := range streams {
		w.plan(event{at: w.rnd.between(0, s.Every), kind: traffic, a: int64(i)})
	}
}

// send sends the next request of a stream.
func (w *World) send(i int) {
	s := &w.traffic[i]
	if p := w.processes[s.Process]; p.asleep <= w.now {
		slot := p.freeSlot()
		c := &p.callers[slot]
		c.api, c.path, c.unnamed, c.minLife = int32(s.API), int32(s.First), false, 0
		if s.Paths > 1 {
			c.path += int32(w.rnd.below(s.Paths))
		}
		p.begin(slot)
	}
	w.plan(event{at: w.now + w.rnd.between(s.Every-s.Spread, s.Every+s.Spread), kind: traffic, a: int64(i)})
}

func (w *World) do(d Action) {
	p := w.processes[d.Process]
	switch d.Do {
	case Arrive:
		p.burst(d.Count)
	case Outage:
		w.trouble(d.Trouble)
		w.script = append(w.script, func(w *World) { w.trouble(Healthy) })
		w.plan(event{at: w.now + d.For, kind: scripted, a: int64(len(w.script) - 1)})
	case Revoke:
		w.endpoint.revokeAll()
	case RollKeys:
		w.endpoint.roll()
	case StepClock:
		p.stepClock(d.For)
	case Sleep:
		p.sleep(d.For)
	case AskLonger:
		p.askLonger(d.For)
	case Refresh:
		p.step(manualRefresh, ticket{}, line{what: wRefresh})
	case Close:
		p.close()
	}
}

// RunPlan runs the world of a plan. What the plan leaves open is drawn from the seed.
func RunPlan(seed uint64, plan Plan, keep bool) *Result {
	w := newWorld(seed, plan.Parameters, seeded(seed), keep)
	w.actions(plan.Actions)
	w.stream(plan.Traffic)
	return w.run()
}
