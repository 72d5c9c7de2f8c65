package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/alf-go/alf/store"
)

// operation is one command on one ID.
type operation struct {
	store   *Store
	id      store.ID
	command store.Command

	reply store.Reply
	err   error
	// decided is closed once reply and err are final and other processes see the change, and ended when the change is
	// on the disk as well, where that matters.
	decided, ended chan struct{}
}

func (op *operation) run(ctx context.Context) {
	defer close(op.ended)
	path, durable, err := op.decide(ctx)
	op.err = err
	close(op.decided)
	// Whatever a power failure destroys, the data is missing then, and that costs a token request. So only what a
	// token request or a Retry-After led to is written through, and no other process has to wait for it.
	if err == nil && durable {
		flush(path)
	}
}

// decide runs the command, and says which file it changed and whether that is to be written through.
func (op *operation) decide(ctx context.Context) (path string, durable bool, err error) {
	s := op.store
	lock, err := s.lock(ctx, op.id)
	if err != nil {
		return "", false, err
	}
	defer lock.release()

	path = s.statePath(op.id)
	state := s.load(path)
	result, err := store.Step(state, s.now(), op.command)
	if err != nil {
		return "", false, err
	}
	if result.Change != store.Unchanged {
		if ctx.Err() != nil {
			return "", false, s.busy(ctx, op.id)
		}
		if err := s.save(ctx, lock, path, &result.State); err != nil {
			return "", false, err
		}
		if state.Epoch == 0 {
			s.cleanUp(op.id) // rarely enough to cost nothing
		}
	}
	op.reply = result.Reply
	durable = result.Change == store.Pushed && (op.command.Kind == store.Publish || op.command.Kind == store.Hold)
	return path, durable, nil
}

func (s *Store) lockPath(id store.ID) string  { return s.path(id, lockSuffix) }
func (s *Store) statePath(id store.ID) string { return s.path(id, stateSuffix) }

func (s *Store) path(id store.ID, suffix string) string {
	return s.dir + string(os.PathSeparator) + string(id) + suffix
}

const (
	stateSuffix     = ".state"
	lockSuffix      = ".lock"
	temporarySuffix = ".new"
	fileMode        = 0o600
	// maxFile is more than any state needs.
	maxFile = 1 << 18
)

// load returns the state in a file: none if there is no file, or one that is not ours to use.
func (s *Store) load(path string) store.State {
	data, err := readOwn(path)
	if err != nil {
		return store.State{}
	}
	state, boot, err := unframe(data)
	if err != nil {
		return store.State{}
	}
	if boot != s.boot {
		state.Lease = store.Lease{} // the machine was restarted, so its owner is gone
	}
	return state
}

// save replaces the state in a file, all at once.
func (s *Store) save(ctx context.Context, lock *lock, path string, state *store.State) error {
	data, err := frame(state, s.boot)
	if err != nil {
		return err
	}
	temporary := path[:len(path)-len(stateSuffix)] + temporarySuffix
	fail := func(err error) error {
		_ = os.Remove(temporary)
		return &Error{path, "cannot be written", remedyFor(err), err}
	}
	// A process that was killed may have left one. No other process writes: this one has the lock.
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, fileMode)
	if err != nil {
		return fail(err)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return fail(err)
	}
	if !lock.inPlace() {
		return fail(errReplaced)
	}
	if err := replace(ctx, temporary, path); err != nil {
		return fail(err)
	}
	return nil
}

var errReplaced = errors.New("the directory was deleted or replaced meanwhile")

// remedyFor says what to do about an error of the operating system.
func remedyFor(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "let the user of this process write to the directory and the files in it"
	case isFull(err):
		return "make room on the disk, or use another directory"
	case isReadOnly(err):
		return "use a directory that can be written to"
	case errors.Is(err, errReplaced):
		return "do the operation again"
	}
	return "check the disk, or use another directory"
}
