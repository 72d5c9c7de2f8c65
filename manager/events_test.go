package manager_test

import (
	"slices"
	"sync"
	"testing/synctest"

	"github.com/alf-go/alf/manager"
)

// eventLog collects events. It belongs into a bubble.
type eventLog struct {
	mu  sync.Mutex
	all []manager.Event
}

// note is a hook.
func (l *eventLog) note(e manager.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// list returns the events so far, once everything is at rest.
func (l *eventLog) list() []manager.Event {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// seen returns those of a kind.
func (l *eventLog) seen(kind manager.EventKind) []manager.Event {
	return slices.DeleteFunc(l.list(), func(e manager.Event) bool { return e.Kind != kind })
}

// take returns the events since the last call.
func (l *eventLog) take() []manager.Event {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.all
	l.all = nil
	return taken
}
