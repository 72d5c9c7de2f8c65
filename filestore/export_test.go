package filestore

import (
	"context"

	"github.com/alf-go/alf/store"
)

// WithClock replaces the clock.
func (s *Store) WithClock(now func() store.Time) *Store {
	s.now = now
	return s
}

// WithBoot replaces the name of the time since the system was started.
func (s *Store) WithBoot(boot string) *Store {
	s.boot = boot
	return s
}

// StatePath and LockPath are the files of an ID.
func (s *Store) StatePath(id store.ID) string { return s.statePath(id) }
func (s *Store) LockPath(id store.ID) string  { return s.lockPath(id) }

// Lock takes the lock of an ID, as an operation does, and returns what gives it back.
func (s *Store) Lock(id store.ID) (release func(), err error) {
	l, err := s.lock(context.Background(), id)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// Network and CheckParents are what New checks.
var (
	Network      = network
	CheckParents = checkParents
)
