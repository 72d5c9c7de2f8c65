package manager

import (
	"hash/maphash"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
)

// shard is one owner: a goroutine, the tokens that it owns, each of which has an entry, and what these share. A Manager
// is an entry in a shard of its own. Nothing in here is touched by any other goroutine, except for what an entry has
// for callers.
//
// What to do about a token is decided by its core; the owner reports to it what happened and does what it says. It
// never waits for anything but the next message.
type shard struct {
	clock    clock.Clock
	seed     maphash.Seed // of the numbers that stand for origins and paths
	rand     func() float64
	observer *observer
	waits    waits
	counts   counters

	pool   *Pool                 // nil: that of a Manager
	buffer []byte                // in which cores are packed
	spare  []*state              // for steps of tokens that are packed between them
	kept   map[*pooledEntry]kept // what few of those have to keep meanwhile

	inbox chan delivery
	done  chan struct{} // closed when the owner has ended

	last    time.Time    // the latest reading of the clock
	elapsed core.Elapsed // the time since the first; it never decreases

	wakes    schedule // of the cores' deadlines
	expiries schedule // of the published tokens' effective expiries (M2)

	started  bool           // the clock was read
	visits   uint8          // while deadlines have passed
	entries  int32          // that have not ended
	handouts sync.WaitGroup // helpers that send replies
}

func (s *shard) init(c clock.Clock, random func() float64, o *observer) {
	s.clock, s.rand, s.observer, s.seed = c, random, o, maphash.MakeSeed()
	if s.clock == nil {
		s.clock = clock.New()
	}
	if s.rand == nil {
		s.rand = rand.Float64
	}
	s.inbox, s.done = make(chan delivery), make(chan struct{})
}

// run is the owner's life: one message after the other.
func (s *shard) run() {
	for s.entries > 0 {
		s.handle(s.next())
	}
	s.end()
}

// yieldAfter is how many deadlines are handled before other goroutines may run. Without that the scheduler lets
// the owner go on for 10 ms, and the callers and fetches on its processor wait that long.
const yieldAfter = 8

// next waits for a message. While deadlines have passed it does not wait: messages and deadlines alternate, so that
// no caller waits for long, however many deadlines pass at once.
func (s *shard) next() (d delivery) {
	if !s.behind() {
		return <-s.inbox
	}
	if s.visits++; s.visits%yieldAfter == 0 {
		runtime.Gosched()
	}
	select {
	case d = <-s.inbox:
	default:
	}
	return d
}

// messagesPerDeadline is how many messages come before a deadline of another token while messages wait. A deadline
// starts a fetch, whose end is a message: if they came as fast as those are handled, callers would wait behind all of
// them.
const messagesPerDeadline = 4

// handle is one message or one deadline that has passed, and sometimes both. It is kept out of run's frame, so that an
// idle owner needs the smallest of stacks.
//
//go:noinline
func (s *shard) handle(d delivery) {
	s.readClock(d)
	if d.to != nil {
		d.to.receive(d.msg)
	} else {
		s.receiveOwn(d.msg)
	}
	if d.msg == nil || s.visits%messagesPerDeadline == 0 {
		s.passDeadline()
	}
	s.setAlarms()
}

// ended reports, to anyone, whether the owner has ended.
func (s *shard) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// end leaves nothing behind: no timer, no helper.
func (s *shard) end() {
	s.wakes.stop()
	s.expiries.stop()
	s.handouts.Wait()
	close(s.done)
}
