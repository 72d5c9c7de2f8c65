package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// process is one service with one manager: the core, and around it in virtual time what package manager is in real
// time.
type process struct {
	w        *World
	id       int32
	core     core.Core
	checker  checker
	baseline baseline // in place of the core; nil: ours

	offset  time.Duration // what the wall clock is off by
	stepped bool          // it has been stepped
	asleep  time.Duration // until then the machine sleeps
	slept   time.Duration // in all

	published     published
	contested     bool // an origin may contest the published token
	displacements core.Displacements
	observes      bool           // outcomes of first sends are wanted
	held          int64          // the value published last
	rejected      map[int64]bool // values that an origin rejected
	flights       []flight
	waiting       []ticket
	callers       []caller
	free          []int32 // callers' slots for bursts
	watchers      []watcher
	watching      int // how many of them are on

	wakeArmed bool
	wakeAt    core.Elapsed
	wakeMono  time.Duration
	wakes     int64
	closing   bool
	ended     bool
}

// published is the snapshot that readers read.
type published struct {
	on                           bool
	value                        int64
	number                       uint64
	refreshTime, effectiveExpiry time.Time
	timerAt                      time.Duration // by the machine's uptime: its timer fires then
	attention                    attention
}

type attention uint8

const (
	unread attention = iota
	read
	hinted
)

// ticket is a caller who waits. Its slot may have been taken by another one since.
type ticket struct {
	reply core.Reply // Wait or WaitOrServe
	slot  int32
	gen   uint32
	since time.Duration
	lost  time.Duration
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// wall is what the machine's clock reads.
func (p *process) wall() time.Time {
	drifted := time.Duration(float64(p.w.now) * p.w.parameters.Drift)
	return epoch.Add(p.w.now + drifted + p.offset)
}

// uptime is what the machine's timers go by.
func (p *process) uptime() time.Duration { return p.w.now - p.slept }

// read is what a caller does first: it looks at the snapshot.
func (p *process) read(origin uint64, minLife time.Duration) (value int64, ok bool) {
	s := &p.published
	wall := p.wall()
	if !s.on || !wall.Before(s.effectiveExpiry) || s.effectiveExpiry.Sub(wall) < minLife || p.contested && p.core.Contests(origin) {
		return 0, false
	}
	if wall.Before(s.refreshTime) {
		if s.attention == unread {
			s.attention = read
		}
	} else if s.attention != hinted {
		if s.attention == unread {
			p.w.cover(CoverReaderWakesIdle)
		}
		s.attention = hinted
		value := s.value // what was read is read, whatever the owner does next
		p.step(core.Input{Kind: core.RefreshHint}, ticket{}, line{what: wRefreshHint})
		return value, true
	}
	return s.value, true
}

// step sends the core an input, and applies its effects.
func (p *process) step(in core.Input, from ticket, l line) core.Reply {
	if p.baseline != nil {
		return core.None
	}
	in.Read = p.published.on && p.published.attention != unread
	in.Watched = p.watching > 0
	p.note(l)
	wall := p.wall()
	p.checker.before(wall, in)
	e := p.core.Step(wall, p.w.rnd.float(), in)
	p.w.stats.Steps++
	if e.Cancel {
		p.cancel()
	}
	p.checker.supersedes(in, &e)
	p.checker.after(wall, in, &e)
	if e.Withdraw {
		p.published, p.contested = published{}, false
	}
	if e.Publish {
		p.publish(in, &e)
	}
	p.contested = p.contested || e.Contested
	p.observes = p.core.Observes()
	if e.Replaced && p.displacements.Note(p.core.Elapsed()) {
		p.note(line{what: wOneActive, a: int64(in.Origin) - 1})
		p.w.stats.OneActive++
		p.w.cover(CoverOneActiveToken)
	}
	if e.Fetch {
		p.w.endpoint.begin(p, e.Flight)
	}
	if e.CheckCredentials {
		p.w.plan(event{at: p.w.now + time.Millisecond, kind: credentials, p: p.id})
	}
	p.arm(&e)
	p.sendReplies(&e, from)
	p.notify(&e)
	p.ended = e.Ended
	p.checker.contests.again = false
	p.checker.settled(&e)
	return e.Reply
}

// credentialsChecked is a check of the credentials that is done: they are other ones once the endpoint would take them.
func (p *process) credentialsChecked() {
	if p.ended {
		return
	}
	changed := p.w.endpoint.trouble != Denying
	p.step(core.Input{Kind: core.CredentialsChecked, Changed: changed}, ticket{}, line{what: wChecked, a: toInt(changed)})
}

func (p *process) publish(in core.Input, e *core.Effects) {
	if !in.Result.Same {
		p.contested = false
	}
	p.held = p.w.arriving.value
	p.published = published{
		on: true, value: p.held, number: e.Publication.Number, refreshTime: e.Publication.RefreshTime, effectiveExpiry: e.Publication.EffectiveExpiry,
		timerAt: p.uptime() + e.Publication.Life,
	}
	if e.Release == core.Serve {
		p.published.attention = read
	}
	if p.w.rec != nil {
		p.w.rec.published(p, &e.Publication)
	}
	p.w.plan(event{at: p.w.now + e.Publication.Life, kind: expiryTimer, p: p.id, a: int64(e.Publication.Number)})
}

func (p *process) arm(e *core.Effects) {
	if e.Armed && p.wakeArmed && e.Wake == p.wakeAt {
		return
	}
	p.wakes++
	p.wakeArmed = e.Armed
	if !e.Armed {
		return
	}
	p.wakeAt = e.Wake
	left := max(p.core.Left(e.Wake), 0)
	p.wakeMono = p.uptime() + left
	p.w.plan(event{at: p.w.now + left, kind: wakeTimer, p: p.id, a: p.wakes})
}

// cancel ends the context of the fetch in flight: one that listens returns at once.
func (p *process) cancel() {
	for i := range p.flights {
		f := &p.flights[i]
		if f.abandoned || f.cancelled {
			continue
		}
		f.cancelled = true
		if !f.stuck {
			f.gen++
			f.outcome, f.result = failsCancelled, core.Result{}
			p.w.plan(event{at: p.w.now + p.w.rnd.between(0, 5*time.Millisecond), kind: fetchDone, p: p.id, a: int64(f.id), gen: f.gen})
		}
	}
}

// fetchDone is a fetch that returns.
func (p *process) fetchDone(id uint64, gen uint32) {
	for i := range p.flights {
		f := p.flights[i]
		if f.id != id || f.gen != gen {
			continue
		}
		if f.outcome == brings {
			p.w.endpoint.issue(p, &f)
		}
		last := len(p.flights) - 1
		p.flights[i] = p.flights[last]
		p.flights = p.flights[:last]
		if p.w.rec != nil {
			p.w.rec.fetchEnds(p, &f)
		}
		if p.baseline != nil {
			p.baseline.fetched(&f)
			return
		}
		if p.ended {
			p.w.cover(CoverResponseAfterClose)
			return // the owner has ended
		}
		p.w.arriving = f
		p.step(core.Input{Kind: core.Fetched, Flight: id, Result: f.result}, ticket{}, line{what: wFetched, a: int64(id), b: int64(f.outcome)})
		return
	}
}

// sendReplies replies to the waiting callers, and then to the sender.
func (p *process) sendReplies(e *core.Effects, from ticket) {
	if e.Release != core.None {
		if len(p.waiting) > 1000 {
			p.w.cover(CoverACrowdIsReleased)
		}
		for _, t := range p.waiting {
			origin := p.callers[t.slot].origin()
			p.send(t, e.ReleaseOf(t.reply, p.published.on && !p.core.Contests(origin)))
		}
		p.waiting = p.waiting[:0]
	}
	if from.gen == 0 || e.Reply == core.None {
		return
	}
	p.callers[from.slot].state = waits
	if e.Reply != core.Wait && e.Reply != core.WaitOrServe {
		p.send(from, e.Reply)
		return
	}
	from.reply, from.since, from.lost = e.Reply, p.uptime(), p.checker.lost
	p.waiting = append(p.waiting, from)
	if p.w.rec != nil {
		p.w.rec.waits(&p.callers[from.slot])
	}
}

// close ends the process, whatever is going on.
func (p *process) close() {
	if p.closing {
		p.w.cover(CoverCloseTwice)
	}
	if len(p.waiting) > 0 {
		p.w.cover(CoverCloseWithWaiters)
	}
	p.closing = true
	p.ended = p.ended || p.baseline != nil
	if !p.ended {
		p.step(core.Input{Kind: core.Close}, ticket{}, line{what: wClose})
	}
}

func (p *process) note(l line) {
	l.p = p.id
	p.w.note(l)
}
