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
	// lookEvery is how often the directory is looked at where the system does not report changes. A change is noticed
	// within that time.
	lookEvery = 200 * time.Millisecond
	// lookRarely is how often it is looked at where the system does, in case it does not report one.
	lookRarely = 10 * time.Second
	// sameTime is how long after a change the next one may have the same time in the file system.
	sameTime = 50 * time.Millisecond
)

// watches are the calls of Watch. One goroutine looks at the directory for all of them, and lives only while there
// are any.
type watches struct {
	mu  sync.Mutex
	all map[*watch]struct{}
	// empty is closed when there are no more of them, which ends the goroutine.
	empty chan struct{}
}

// watch is one call of Watch.
type watch struct {
	path string
	// wake has room for one value: that the directory has changed, or cannot be read.
	wake chan error
}

// Watch passes changes on; see [store.Store]. It notices one at once where the system reports changes of directories,
// which is Linux, and within 200 ms elsewhere.
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
	if len(ws.all) == 0 {
		ws.empty = make(chan struct{})
		go ws.look(s, ws.empty)
	}
	ws.all[w] = struct{}{}
}

func (ws *watches) remove(w *watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
	if len(ws.all) == 0 {
		close(ws.empty)
	}
}

// look wakes those that watch whenever the directory has changed.
func (ws *watches) look(s *Store, empty chan struct{}) {
	var n *notifier // nil where the system does not report changes
	var changes <-chan bool
	defer func() { n.close() }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var seen version
	for reported := false; ; reported = false {
		select {
		case <-timer.C:
		case there := <-changes:
			reported = true
			if !there { // the directory was deleted or moved
				n.close()
				n, changes = nil, nil
			}
		case <-empty:
			return
		case <-s.closed:
			return // and all calls of Watch return by themselves
		}
		if n == nil {
			if n = newNotifier(s.dir); n != nil {
				changes = n.changes
			}
		}
		now := versionOf(s.dir)
		if err := now.failure(s.dir); reported || now != seen || now.recent() || err != nil {
			ws.wake(err)
		}
		seen = now
		if n == nil {
			timer.Reset(lookEvery)
		} else {
			timer.Reset(lookRarely)
		}
	}
}

// wake lets those that watch look at their files, or ends them.
func (ws *watches) wake(err error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		select {
		case w.wake <- err:
		default: // it has not looked since the last time
		}
	}
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
