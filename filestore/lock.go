package filestore

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/alf-go/alf/store"
)

// lock is the right to read and replace the state of one ID. The operating system takes it from a process that ends.
type lock struct {
	file *os.File
	path string
}

// How long a process that wants a lock waits before it tries again: twice as long each time, with some randomness. It
// does not wait in the operating system, because that cannot be ended when the caller's time is up: a process that is
// stopped while it has the lock keeps it.
const (
	firstTry   = 50 * time.Microsecond
	longestTry = 4 * time.Millisecond
)

// lock waits for the lock of an ID until ctx ends.
func (s *Store) lock(ctx context.Context, id store.ID) (*lock, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	path := s.lockPath(id)
	made := false
	for wait := firstTry; ; wait = min(2*wait, longestTry) {
		l, err := tryLock(path)
		switch {
		case err == nil && l != nil:
			return l, nil
		case errors.Is(err, fs.ErrNotExist) && !made:
			made = true
			if _, err := prepare(s.dir); err != nil { // the directory was deleted
				return nil, err
			}
			continue
		case err != nil:
			return nil, err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, s.busy(ctx, id)
		case <-s.closed:
			timer.Stop()
			return nil, store.ErrClosed
		}
	}
}

// tryLock returns the lock, or nil if another process has it.
func tryLock(path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, fileMode)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, &Error{path, "cannot be opened", remedyForLock(err), err}
	}
	l := &lock{file, path}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, &Error{path, "is not a regular file", "remove it", err}
	}
	taken, err := lockFile(file)
	if err != nil {
		_ = file.Close()
		return nil, &Error{path, "cannot be locked", "use a directory on a local disk", err}
	}
	// A process that removes a lock file does so while it has the lock, so one that waited for it has the lock of
	// nothing.
	if !taken || !l.inPlace() {
		_ = file.Close()
		return nil, nil
	}
	return l, nil
}

func remedyForLock(err error) string {
	if isLink(err) {
		return "remove the symbolic link"
	}
	return remedyFor(err)
}

// inPlace reports whether the lock is still that of its path.
func (l *lock) inPlace() bool {
	have, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(l.path)
	return err == nil && os.SameFile(have, there)
}

// release gives the lock back.
func (l *lock) release() { _ = l.file.Close() }
