package manager

import (
	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
)

// place is where an entry stands in a schedule, from 1; 0: it is not there.
type place int32

// wakeTime is when an entry is to be woken: at the deadline of its core, or earlier for a look at whether it is still
// used.
type wakeTime struct {
	place place
	armed bool         // the core has a deadline
	core  core.Elapsed // that deadline
}

// visit is an entry of a schedule with its deadline, in the elapsed time of its shard. The deadline stands here and not
// in the entry, so that comparing two of them touches no other memory than the schedule's.
type visit struct {
	at    core.Elapsed
	entry *entry
}

// schedule is the deadlines of one kind in a shard: a heap, the nearest first, with an alarm for it.
type schedule struct {
	heap []visit
	alarm
}

// heapWidth is how many children a place of the heap has. With 4, putting an entry into its place moves half as many
// others as with 2.
const heapWidth = 4

// of is the place of an entry in this schedule.
func (q *schedule) of(e *entry) *place {
	if q == &e.shard.expiries {
		return &e.expiry
	}
	return &e.wake.place
}

// set schedules an entry, or moves it.
func (q *schedule) set(e *entry, at core.Elapsed) {
	i := int(*q.of(e)) - 1
	if i < 0 {
		i = len(q.heap)
		q.heap = append(q.heap, visit{})
	}
	q.settle(i, visit{at, e})
}

// remove takes an entry off the schedule, if it is there.
func (q *schedule) remove(e *entry) {
	of := q.of(e)
	i, last := int(*of)-1, len(q.heap)-1
	if i < 0 {
		return
	}
	*of = 0
	moved := q.heap[last]
	q.heap[last] = visit{}
	q.heap = q.heap[:last]
	if i < last {
		q.settle(i, moved)
	}
}

// takePassed returns an entry whose deadline has passed, and takes it off the schedule; nil if there is none.
func (q *schedule) takePassed(now core.Elapsed) *entry {
	if !q.behind(now) {
		return nil
	}
	e := q.heap[0].entry
	q.remove(e)
	return e
}

// behind reports whether a deadline has passed.
func (q *schedule) behind(now core.Elapsed) bool { return len(q.heap) > 0 && q.heap[0].at <= now }

// passed reports whether the deadline of an entry has passed.
func (q *schedule) passed(e *entry, now core.Elapsed) bool {
	i := *q.of(e)
	return i > 0 && q.heap[i-1].at <= now
}

// settle puts v where it belongs. Place i is free, and all others are in order.
func (q *schedule) settle(i int, v visit) {
	i = q.down(q.up(i, v.at), v.at)
	q.put(i, v)
}

func (q *schedule) put(i int, v visit) {
	q.heap[i] = v
	*q.of(v.entry) = place(i + 1)
}

// up moves the free place towards the front, as far as a deadline at that time belongs there.
func (q *schedule) up(i int, at core.Elapsed) int {
	for i > 0 {
		parent := (i - 1) / heapWidth
		if at >= q.heap[parent].at {
			break
		}
		q.put(i, q.heap[parent])
		i = parent
	}
	return i
}

// down moves it the other way.
func (q *schedule) down(i int, at core.Elapsed) int {
	for {
		first := heapWidth*i + 1
		if first >= len(q.heap) {
			return i
		}
		least := first
		for child := first + 1; child < min(first+heapWidth, len(q.heap)); child++ {
			if q.heap[child].at < q.heap[least].at {
				least = child
			}
		}
		if q.heap[least].at >= at {
			return i
		}
		q.put(i, q.heap[least])
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
	nearest := q.heap[0].at
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

// passDeadline handles one deadline that has passed, if there is any.
func (s *shard) passDeadline() {
	if e := s.expiries.takePassed(s.elapsed); e != nil {
		e.receive(expired{})
	} else if e := s.wakes.takePassed(s.elapsed); e != nil {
		e.receive(e.wakeUp())
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

// arm schedules the core's next deadline. An entry of a pool is scheduled at the end of its step.
func (e *entry) arm(at core.Elapsed, armed bool) {
	w := &e.wake
	if armed && (!w.armed || e.wakeBy != at) {
		w.core, e.wakeBy = e.shard.elapsed+e.core.Left(at), at
	}
	w.armed = armed
	switch {
	case e.pooled != nil:
	case armed:
		e.shard.wakes.set(e, w.core)
	default:
		e.shard.wakes.remove(e)
	}
}

// wakeUp is the message for an entry whose wake time has passed.
func (e *entry) wakeUp() message {
	if w := &e.wake; w.armed && w.core <= e.shard.elapsed {
		w.armed = false
		return woken{}
	}
	return look{}
}
