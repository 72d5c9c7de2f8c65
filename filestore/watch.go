package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/alf-go/alf/store"
)

const (
	// lookEvery is how often the directory is looked at. A change is noticed within that time.
	lookEvery = 200 * time.Millisecond
	// sameTime is how long after a change the next one may have the same time in the file system.
	sameTime = 50 * time.Millisecond
)

// watches are the calls of Watch. One goroutine looks at the directory for all of them, and lives only while there
// are any.
type watches struct {
	mu      sync.Mutex
	all     map[*watch]struct{}
	running bool
}

// watch is one call of Watch.
type watch struct {
	path string
	// wake has room for one value: that the directory has changed, or cannot be read.
	wake chan error
}

// Watch passes changes on; see [store.Store]. It notices one within 200 ms.
func (s *Store) Watch(ctx context.Context, id store.ID, push func(store.Push)) error {
	if err := id.Validate(); err != nil {
		return err
	}
	select {
	case <-s.closed:
		return store.ErrClosed
	default:
	}
	w := &watch{path: s.statePath(id), wake: make(chan error, 1)}
	s.watches.add(s, w)
	defer s.watches.remove(w)
	var last view
	var seen version
	for first := true; ; first = false {
		// What is there is read without the lock: files are replaced as a whole.
		if now := versionOf(w.path); first || now != seen || now.recent() {
			seen = now
			state := s.load(w.path)
			now := view{state.Push(s.now()), state.Fence}
			if first || differs(last, now) {
				push(now.Push)
			}
			last = now
		}
		select {
		case err := <-w.wake:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return store.ErrClosed
		}
	}
}

// view is a state as those that watch it see it, and the fence, by which they notice that a lease was there in
// between.
type view struct {
	store.Push
	fence int64
}

// differs reports whether a record or hold is new or gone, or a lease has ended.
func differs(a, b view) bool {
	record := a.Version != b.Version && a.Version.Gen+b.Version.Gen > 0
	hold := b.Hold.Until > 0 && (a.Hold.Fence != b.Hold.Fence || a.Hold.Until != b.Hold.Until)
	lease := b.Busy == 0 && (a.Busy > 0 || a.fence != b.fence)
	return record || hold || lease
}

func (ws *watches) add(s *Store, w *watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = map[*watch]struct{}{}
	}
	ws.all[w] = struct{}{}
	if !ws.running {
		ws.running = true
		go ws.look(s)
	}
}

func (ws *watches) remove(w *watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

// look wakes those that watch whenever the directory has changed.
func (ws *watches) look(s *Store) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var seen version
	for {
		select {
		case <-ticker.C:
		case <-s.closed:
			return // and all calls of Watch return by themselves
		}
		now := versionOf(s.dir)
		changed := now != seen || now.recent()
		seen = now
		if !ws.wake(changed, now.failure(s.dir)) {
			return
		}
	}
}

// wake reports false, and ends the goroutine, if no call of Watch is left.
func (ws *watches) wake(changed bool, err error) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.all) == 0 {
		ws.running = false
		return false
	}
	if changed || err != nil {
		for w := range ws.all {
			select {
			case w.wake <- err:
			default: // it has not looked since the last time
			}
		}
	}
	return true
}

// version is what a file system says about the content of a file or directory. The zero version is that of a missing
// one.
type version struct {
	there    bool
	inode    uint64
	size     int64
	modified int64 // in nanoseconds since 1970
	err      error // that it cannot be seen, for another reason
}

func versionOf(path string) version {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return version{}
	case err != nil:
		return version{err: errors.Unwrap(err)}
	}
	return version{there: true, inode: inode(info), size: info.Size(), modified: info.ModTime().UnixNano()}
}

// recent reports whether a further change may have left the version as it is.
func (v version) recent() bool { return v.there && time.Since(time.Unix(0, v.modified)) < sameTime }

func (v version) failure(path string) error {
	if v.err == nil {
		return nil
	}
	return &Error{path, "cannot be looked at", remedyFor(v.err), v.err}
}
