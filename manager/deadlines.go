package manager

import (
	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
)

// deadline is when an entry has to be visited, in the elapsed time of its shard. The zero value is none.
type deadline struct {
	at    core.Elapsed
	index int32 // its place in the schedule, from 1; 0: it is not there
	armed bool  // of a wake time: the core has a deadline
}

func (d *deadline) passed(now core.Elapsed) bool { return d.index > 0 && d.at <= now }

// wakeTime is when an entry is to be woken: at the deadline of its core, or earlier for a look at whether it is still
// used.
type wakeTime struct {
	deadline
	core core.Elapsed // the core's deadline, if it is armed
}

// schedule is the deadlines of one kind in a shard: a binary heap, the nearest first, with an alarm for it.
type schedule struct {
	heap []*entry
	alarm
}

// of is the deadline of an entry in this schedule.
func (q *schedule) of(e *entry) *deadline {
	if q == &e.shard.expiries {
		return &e.expiry
	}
	return &e.wake.deadline
}

// set schedules an entry, or moves it.
func (q *schedule) set(e *entry, at core.Elapsed) {
	d := q.of(e)
	d.at = at
	if d.index == 0 {
		q.heap = append(q.heap, e)
		d.index = int32(len(q.heap))
	}
	q.down(q.up(int(d.index)))
}

// remove takes an entry off the schedule, if it is there.
func (q *schedule) remove(e *entry) {
	d := q.of(e)
	i, last := int(d.index), len(q.heap)
	if i == 0 {
		return
	}
	d.index = 0
	moved := q.heap[last-1]
	q.heap[last-1] = nil
	q.heap = q.heap[:last-1]
	if moved != e {
		q.put(i, moved)
		q.down(q.up(i))
	}
}

// takePassed returns an entry whose deadline has passed, and takes it off the schedule; nil if there is none.
func (q *schedule) takePassed(now core.Elapsed) *entry {
	if !q.behind(now) {
		return nil
	}
	e := q.heap[0]
	q.remove(e)
	return e
}

// behind reports whether a deadline has passed.
func (q *schedule) behind(now core.Elapsed) bool {
	return len(q.heap) > 0 && q.of(q.heap[0]).at <= now
}

// The places of the heap are numbered from 1: the parent of i is i/2.

func (q *schedule) time(i int) core.Elapsed { return q.of(q.heap[i-1]).at }

func (q *schedule) put(i int, e *entry) {
	q.heap[i-1] = e
	q.of(e).index = int32(i)
}

func (q *schedule) swap(i, j int) {
	a, b := q.heap[i-1], q.heap[j-1]
	q.put(i, b)
	q.put(j, a)
}

func (q *schedule) up(i int) int {
	for i > 1 && q.time(i) < q.time(i/2) {
		q.swap(i, i/2)
		i /= 2
	}
	return i
}

func (q *schedule) down(i int) {
	for {
		least := i
		for child := 2 * i; child <= 2*i+1 && child <= len(q.heap); child++ {
			if q.time(child) < q.time(least) {
				least = child
			}
		}
		if least == i {
			return
		}
		q.swap(i, least)
		i = least
	}
}

// alarm is a timer of a schedule. When it fires it proves that so much time has elapsed, whatever the clock reads by
// then. Therefore one that is set goes on when an earlier one is set beside it: after the wall clock was stepped back,
// nothing else says how much of its time has passed (M2).
type alarm struct {
	at    core.Elapsed
	timer *clock.Timer // nil: there is none
	later *alarm       // one that was set before
}

// maxAlarms is how many there are in a schedule at most. Each is nearer than all that were set before it, so there are
// seldom more than two.
const maxAlarms = 4

// setAlarm sees to it that the shard is woken for the nearest deadline. An alarm that is too early does no harm: the
// owner looks at the time. It stays where other entries may depend on what it proves.
func (q *schedule) setAlarm(s *shard) {
	if len(q.heap) == 0 {
		q.stop()
		return
	}
	nearest := q.time(1)
	for q.timer != nil && (q.alarm.at <= s.elapsed || q.alarm.at < nearest && len(q.heap) == 1) {
		q.drop()
	}
	if q.timer != nil && q.alarm.at <= nearest {
		return
	}
	if q.alarms() >= maxAlarms {
		q.drop()
	}
	if q.timer != nil {
		q.later = &alarm{q.alarm.at, q.timer, q.later}
	}
	q.alarm.at = nearest
	q.timer = s.clock.AfterFunc(nearest-s.elapsed, func() { s.deliver(delivery{msg: tick{nearest}}) })
}

// alarms is how many there are.
func (a *alarm) alarms() (n int) {
	for ; a != nil && a.timer != nil; a = a.later {
		n++
	}
	return n
}

// drop stops the nearest alarm.
func (a *alarm) drop() {
	a.timer.Stop()
	if a.later == nil {
		*a = alarm{}
	} else {
		*a = *a.later
	}
}

func (a *alarm) stop() {
	for a.timer != nil {
		a.drop()
	}
}

// readClock moves the elapsed time. A wall clock that was stepped back loses what passed unseen before the step, but an
// alarm that fires is proof of the time it was set for.
func (s *shard) readClock(d delivery) {
	now := s.clock.Now()
	if !s.started {
		s.started, s.last = true, now
	}
	if passed := now.Sub(s.last); passed > 0 {
		s.elapsed += passed
	}
	s.last = now
	if t, ok := d.msg.(tick); ok {
		s.elapsed = max(s.elapsed, t.at)
	}
}

// maxPassed is how many deadlines are handled between two messages, so that no caller waits for long, however many pass
// at once.
const maxPassed = 256

// passDeadlines handles what has become due, or a batch of it.
func (s *shard) passDeadlines() {
	for range maxPassed {
		if e := s.expiries.takePassed(s.elapsed); e != nil {
			e.receive(expired{})
		} else if e := s.wakes.takePassed(s.elapsed); e != nil {
			e.receive(e.wakeUp())
		} else {
			return
		}
	}
}

// behind reports whether more is due.
func (s *shard) behind() bool { return s.wakes.behind(s.elapsed) || s.expiries.behind(s.elapsed) }

func (s *shard) setAlarms() {
	if s.behind() {
		return // the owner comes back without being woken
	}
	s.wakes.setAlarm(s)
	s.expiries.setAlarm(s)
}

// arm schedules the core's next deadline.
func (e *entry) arm(at core.Elapsed, armed bool) {
	w := &e.wake
	if !armed {
		w.armed = false
		e.shard.wakes.remove(e)
		return
	}
	if !w.armed || e.wakeBy != at {
		w.core, e.wakeBy, w.armed = e.shard.elapsed+e.core.Left(at), at, true
	}
	e.shard.wakes.set(e, w.core)
}

// wakeUp is the message for an entry whose wake time has passed.
func (e *entry) wakeUp() message {
	if w := &e.wake; w.armed && w.core <= e.shard.elapsed {
		w.armed = false
		return woken{}
	}
	return look{}
}
