package proxy

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/core/routing"
)

// errEnding is the error of a reload that comes too late.
var errEnding = errors.New("the proxy is ending: start it again with the new configuration")

// Reload replaces the configuration. After an error, which names what is wrong and the remedy, everything is as it was.
// Otherwise requests that have begun go on with the former configuration, and all others get the new one. Listeners of
// an equal address keep their socket and connections; those that the new configuration does not have accept no
// connection any more and are drained. Clients of an equal Key keep their tokens, so that no token request is made. An
// address cannot change its purpose, such as from Admin to Listeners: that takes a restart.
func (p *Proxy) Reload(cfg Config) error {
	p.notify.reloading()
	err := p.reload(cfg)
	p.notify.reloaded(err)
	p.NoteReload(err)
	return err
}

// NoteReload counts the outcome of a reload. [Proxy.Reload] does that itself: it is for a configuration that could not
// be read in the first place.
func (p *Proxy) NoteReload(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reloads.at = time.Now()
	if p.reloads.err = err; err != nil {
		p.reloads.failed++
		return
	}
	p.reloads.succeeded++
}

// reloads is what became of them.
type reloads struct {
	succeeded, failed uint64
	at                time.Time // of the last one
	err               error     // of the last one
}

func (p *Proxy) reload(cfg Config) error {
	p.reloading.Lock()
	defer p.reloading.Unlock()
	before := p.current.Load()
	s, opened, err := p.prepare(cfg, before)
	if err != nil {
		return err
	}
	p.adopt(s, opened)
	if p.life.step(draining.Input{Kind: draining.Reloaded, Policy: cfg.policy()}).Refused {
		p.abandon(s, opened)
		return errEnding
	}
	plan := routing.PlanReload(before.deployment(), s.deployment())
	p.current.Store(s)
	p.retireWhenUnused(before)
	for _, at := range opened {
		p.serve(at)
	}
	for _, key := range plan.Drain {
		p.remove(key, before.cfg.policy())
	}
	select {
	case p.retry <- struct{}{}:
	default:
	}
	return nil
}

// prepare makes the next state, with the listeners that are new: they are open, and accept nothing yet.
func (p *Proxy) prepare(cfg Config, before *state) (s *state, opened []*server, err error) {
	undoModes, err := p.changeModes(cfg)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			undoModes()
			p.undo(s, opened)
		}
	}()
	var routes []*server
	for _, a := range cfg.addresses() {
		at := p.serverOf(a.key())
		if at == nil {
			if at, err = p.open(a, cfg); err != nil {
				return nil, opened, err
			}
			opened = append(opened, at)
		}
		if a.purpose == forRoutes {
			routes = append(routes, at)
		}
	}
	if s, err = newState(cfg, routes, before); err != nil {
		return nil, opened, err
	}
	s.access = newAccessLog(cfg.AccessLog, before)
	return s, opened, nil
}

// undo closes what prepare has made.
func (p *Proxy) undo(s *state, opened []*server) {
	for _, at := range opened {
		_ = at.listener.Close()
	}
	if s == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.discard()
	if s.access != nil && !p.uses(s.access) {
		s.access.close()
	}
}

// uses reports whether any state has the log. The lock is held.
func (p *Proxy) uses(l *accessLog) bool {
	for _, s := range p.states {
		if s.access == l {
			return true
		}
	}
	return false
}

// adopt makes the servers known, and counts the pools of the state.
func (p *Proxy) adopt(s *state, opened []*server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[s.generation] = s
	for _, one := range s.pools {
		one.states++
	}
	for _, at := range opened {
		p.servers[at.key()] = at
	}
}

// abandon takes that back.
func (p *Proxy) abandon(s *state, opened []*server) {
	p.mu.Lock()
	delete(p.states, s.generation)
	for _, one := range s.pools {
		one.states--
	}
	for _, at := range opened {
		delete(p.servers, at.key())
	}
	p.mu.Unlock()
	p.undo(s, opened)
}

// remove ends a listener that the configuration does not have any more.
func (p *Proxy) remove(key string, policy draining.Policy) {
	p.mu.Lock()
	at := p.servers[key]
	delete(p.servers, key)
	if at.purpose == forRoutes {
		p.removed[at] = true
	}
	p.mu.Unlock()
	if at.purpose == forRoutes {
		p.drainRemoved(at, policy)
		return
	}
	_ = at.http.Close() // a probe that is under way is made again
	_ = at.listener.Close()
}

// changeModes gives Unix sockets that stay the mode they are to have now. undo takes that back.
func (p *Proxy) changeModes(cfg Config) (undo func(), err error) {
	var done []func()
	undo = func() {
		for _, f := range done {
			f()
		}
	}
	for i := range cfg.Listeners {
		at := p.serverOf(address{forRoutes, cfg.Listeners[i].Address}.key())
		if at == nil {
			continue
		}
		own, ok := at.listener.(*unixListener)
		if !ok {
			continue
		}
		former, mode := own.mode, cfg.Listeners[i].mode()
		if err := own.chmod(mode); err != nil {
			undo()
			return nil, fmt.Errorf("listener %s: %w", cfg.Listeners[i].Address, err)
		}
		done = append(done, func() { _ = own.chmod(former) })
	}
	return undo, nil
}
