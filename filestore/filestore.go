package filestore

import (
	"context"
	"sync"
	"time"

	"github.com/alf-go/alf/store"
)

// Store is a directory in which processes share tokens. It implements [store.Store], and is safe for concurrent use,
// also by other processes that have made one of the same directory.
type Store struct {
	dir string
	// now is the store's time, and boot what the system calls the time since it was started; "" if it has no name for
	// it.
	now  func() store.Time
	boot string

	closed chan struct{} // closed by Close
	close  sync.Once

	mu    sync.Mutex
	lanes map[store.ID]*lane

	watches watches
}

var _ store.Store = (*Store)(nil)

// lane lets one operation after another of this process work on an ID.
type lane struct {
	free  chan struct{} // holds a value while no operation runs
	users int           // guarded by Store.mu
}

// New returns a store in a directory, which it makes if there is none, together with the folders above it. It checks
// all that the package comment asks for. The error is an [*Error]. A relative path is one from the current directory.
func New(dir string) (*Store, error) {
	if !supported {
		return nil, &Error{dir, "files cannot be shared safely on this operating system", "use another store, or none", nil}
	}
	path, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	return &Store{
		dir: path, now: func() store.Time { return store.TimeOf(time.Now()) }, boot: bootID(),
		closed: make(chan struct{}), lanes: map[store.ID]*lane{},
	}, nil
}

// Dir is the directory, as an absolute path.
func (s *Store) Dir() string { return s.dir }

// Close ends all calls of Watch and Do. An operation that is under way ends on its own.
func (s *Store) Close() error {
	s.close.Do(func() { close(s.closed) })
	return nil
}

// Do runs a command; see [store.Store]. Where another process keeps the lock of the ID until ctx ends, nothing was
// changed, and the error is an [*Error] with the cause of ctx in it.
func (s *Store) Do(ctx context.Context, id store.ID, c store.Command) (store.Reply, error) {
	if err := id.Validate(); err != nil {
		return store.Reply{}, err
	}
	if err := c.Validate(); err != nil {
		return store.Reply{}, err
	}
	l := s.enter(id)
	select {
	case <-s.closed:
		s.leave(id, l)
		return store.Reply{}, store.ErrClosed
	case <-ctx.Done():
		s.leave(id, l)
		return store.Reply{}, s.busy(ctx, id)
	case <-l.free:
	}
	// A disk may take longer than the caller has time, and cannot be interrupted. Then the next operation on this ID
	// waits for it, so that no more than one of each waits for a disk.
	op := &operation{store: s, id: id, command: c, decided: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer s.leave(id, l)
		defer func() { l.free <- struct{}{} }()
		op.run(ctx)
	}()
	select {
	case <-op.ended:
	case <-s.closed:
		return store.Reply{}, store.ErrClosed
	case <-ctx.Done():
		select {
		case <-op.decided: // all that remains is to wait for the disk, which is of no concern to other processes
		default:
			return store.Reply{}, s.busy(ctx, id)
		}
	}
	return op.reply, op.err
}

func (s *Store) enter(id store.ID) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[id]
	if l == nil {
		l = &lane{free: make(chan struct{}, 1)}
		l.free <- struct{}{}
		s.lanes[id] = l
	}
	l.users++
	return l
}

func (s *Store) leave(id store.ID, l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(s.lanes, id)
	}
}

// busy is the error of an operation that had no time.
func (s *Store) busy(ctx context.Context, id store.ID) error {
	return &Error{
		s.lockPath(id), "another process has kept the lock for as long as this operation may take, or the disk is slow",
		"find the process that has the file open, and let it continue or end it", context.Cause(ctx),
	}
}
