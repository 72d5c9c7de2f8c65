package proxy

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
)

// life carries out what package draining decides, for the process or for a listener that was removed.
type life struct {
	mu    sync.Mutex
	core  *draining.Core
	timer *time.Timer
	// apply is called with the lock held, so that effects are carried out in their order. It must neither block nor
	// step.
	apply func(draining.Effects)
	ended chan struct{}
}

func newLife(policy draining.Policy, apply func(draining.Effects)) *life {
	return &life{core: draining.New(policy), apply: apply, ended: make(chan struct{})}
}

// step takes one input.
func (l *life) step(in draining.Input) draining.Effects {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.core.Step(in, time.Now())
	if l.timer != nil {
		l.timer.Stop()
	}
	if !e.Deadline.IsZero() {
		l.timer = time.AfterFunc(time.Until(e.Deadline), func() { l.step(draining.Input{Kind: draining.Elapsed}) })
	}
	l.apply(e)
	if e.End {
		close(l.ended)
	}
	return e
}

// phase is what the life is in.
func (l *life) phase() draining.Phase {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.Phase()
}

// policy is the limits of a configuration.
func (c *Config) policy() draining.Policy {
	return draining.Policy{DrainTime: c.DrainTime, UpgradeDrainTime: c.UpgradeDrainTime}
}

// apply carries out the effects on the process.
func (p *Proxy) apply(e draining.Effects) {
	p.ready.Store(e.Ready)
	if e.Drain {
		p.draining.Store(true)
		p.work.Go(p.drain)
	}
	if e.CloseUpgraded || e.Abort {
		p.eachServing(func(s *server) { s.upgraded.close() })
	}
	if e.Abort {
		p.eachServing(func(s *server) { _ = s.http.Close() })
	}
	for _, g := range e.Retire {
		p.work.Go(func() { p.retire(g) })
	}
}

// drain ends all listeners that serve routes, and reports when no request can begin any more.
func (p *Proxy) drain() {
	p.reloading.Lock() // a reload that has begun ends first, so that its listeners are among these
	defer p.reloading.Unlock()
	var all sync.WaitGroup
	p.eachServing(func(s *server) { all.Go(s.shutdown) })
	all.Wait()
	p.life.step(draining.Input{Kind: draining.Quiet})
	p.retireWhenUnused(p.current.Load())
}

// shutdown accepts no connection any more, and returns when those that are open have ended, or were closed. Upgraded
// ones are not among them.
func (s *server) shutdown() {
	s.ending.Store(true)
	s.acceptWaiting()
	_ = s.listener.Close()
	s.linger()
	for !s.shutdownHTTP() {
	}
}

// shutdownHTTP has net/http end the connections, and reports whether it has. It sends GOAWAY on those that speak
// HTTP/2 at that moment; a connection that begins to later, without a request, would otherwise stay open.
func (s *server) shutdownHTTP() bool {
	ctx, cancel := context.WithTimeout(context.Background(), draining.IdleTime)
	defer cancel()
	return !errors.Is(s.http.Shutdown(ctx), context.DeadlineExceeded)
}

// drainRemoved ends a listener that the configuration does not have any more. To the core, its upgraded connections are
// the use of its only generation.
func (p *Proxy) drainRemoved(s *server, policy draining.Policy) {
	var l *life
	l = newLife(policy, func(e draining.Effects) {
		if e.Drain {
			p.work.Go(func() {
				s.shutdown()
				l.step(draining.Input{Kind: draining.Quiet})
				s.upgraded.whenNone(func() { l.step(draining.Input{Kind: draining.Unused, Generation: 1}) })
			})
		}
		if e.CloseUpgraded || e.Abort {
			s.upgraded.close()
		}
		if e.Abort {
			_ = s.http.Close()
		}
		if e.End {
			s.drained.Store(true)
			p.forget(s)
		}
	})
	l.step(draining.Input{Kind: draining.Terminated})
}

// retire closes the pools of a state that no other state has.
func (p *Proxy) retire(g draining.Generation) {
	p.mu.Lock()
	s := p.states[g]
	delete(p.states, g)
	var unused []*pool
	for _, one := range s.pools {
		if one.states--; one.states == 0 {
			unused = append(unused, one)
		}
	}
	logUnused := s.access != nil && !p.uses(s.access)
	p.mu.Unlock()
	for _, one := range unused {
		one.CloseIdleConnections()
		_ = one.Close()
	}
	for i := range s.routes {
		s.routes[i].closeIdle()
	}
	if logUnused {
		s.access.close()
	}
}
