package filestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

func TestD2_ProcessesShareADirectory(t *testing.T) {
	dir := directory(t)
	a, b := open(t, dir), open(t, dir)
	r := do(t, a, acquire("a", store.Version{}))
	require.Equal(t, store.Fetch, r.Kind)
	require.Equal(t, store.Wait, do(t, b, acquire("b", store.Version{})).Kind)
	require.Equal(t, store.Done, do(t, a, publish("a", r.Grant, 1)).Kind)
	h := do(t, b, acquire("b", store.Version{}))
	require.Equal(t, store.Have, h.Kind)
	require.Equal(t, "sealed 1", string(h.Record.Sealed))

	// What is there is for this user alone, and nothing is left over.
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
	}
}

func TestD2_TwentyAtOnceOneFetches(t *testing.T) {
	dir := directory(t)
	var all sync.WaitGroup
	kinds := make([]store.ReplyKind, 20)
	for i := range kinds {
		s := open(t, dir) // as another process would have it
		all.Go(func() {
			c := acquire(string(rune('a'+i)), store.Version{})
			c.Lease = store.MaxLease // however long that takes here
			r, err := s.Do(t.Context(), id, c)
			if err == nil {
				kinds[i] = r.Kind
			}
		})
	}
	all.Wait()
	count := map[store.ReplyKind]int{}
	for _, k := range kinds {
		count[k]++
	}
	require.Equal(t, map[store.ReplyKind]int{store.Fetch: 1, store.Wait: 19}, count)
}

// state is what another store finds in the directory.
func state(t *testing.T, dir string) store.Reply {
	return do(t, open(t, dir), acquire("other", store.Version{}))
}

func TestD3_DataThatIsNotOursCountsAsMissing(t *testing.T) {
	dir := directory(t)
	s := open(t, dir)
	fetch(t, s, "a", 1, store.Version{})
	path := s.StatePath(id)
	right, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, store.Have, state(t, dir).Kind)

	damaged := map[string][]byte{"another format": []byte("hello"), "a later version": []byte(strings.Replace(string(right), "filestore-1", "filestore-2", 1))}
	for at := range right {
		damaged["cut"+string(right[:at])] = right[:at]
		other := append([]byte{}, right...)
		other[at] ^= 1 << (at % 8)
		damaged["changed"+string(other)] = other
	}
	damaged["appended"] = append(append([]byte{}, right...), '\n')
	damaged["twice"] = append(append([]byte{}, right...), right...)
	damaged["huge"] = make([]byte, 1<<20)
	for _, content := range damaged {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		r := state(t, dir)
		require.Equal(t, store.Fetch, r.Kind, "%q", content)
		require.EqualValues(t, 1, r.Grant.Gen)
	}
	require.NoError(t, os.WriteFile(path, right, 0o600))
	require.Equal(t, store.Have, state(t, dir).Kind)

	// Neither is it followed or waited for.
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	require.NoError(t, os.WriteFile(elsewhere, right, 0o600))
	for what, make := range map[string]func() error{
		"a symbolic link":       func() error { return os.Symlink(elsewhere, path) },
		"a dangling link":       func() error { return os.Symlink("nowhere", path) },
		"a file others write":   func() error { return errors.Join(os.WriteFile(path, right, 0o600), os.Chmod(path, 0o622)) },
		"a pipe":                func() error { return pipe(path) },
		"a link in place of it": func() error { return os.Symlink(elsewhere, strings.TrimSuffix(path, ".state")+".new") },
	} {
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, make(), what)
		require.Equal(t, store.Fetch, state(t, dir).Kind, what)
		content, err := os.ReadFile(elsewhere)
		require.NoError(t, err)
		require.Equal(t, right, content, "%s: what a link points to is not written to", what)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular(), what)
	}
}

func TestD4_AFolderInPlaceOfAFileIsAnErrorThatSaysSo(t *testing.T) {
	s := open(t, directory(t))
	for _, path := range []string{s.StatePath(id), s.LockPath(id)} {
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.MkdirAll(filepath.Join(path, "x"), 0o700))
		_, err := s.Do(t.Context(), id, acquire("a", store.Version{}))
		var problem *filestore.Error
		require.ErrorAs(t, err, &problem, path)
		require.Equal(t, path, problem.Path)
		require.NotEmpty(t, problem.Remedy)
		require.NoError(t, os.RemoveAll(path))
	}
	require.Equal(t, store.Fetch, do(t, s, acquire("a", store.Version{})).Kind)
}

func TestD4_ADirectoryThatIsDeletedIsMadeAgain(t *testing.T) {
	dir := directory(t)
	s := open(t, dir)
	v := fetch(t, s, "a", 1, store.Version{})
	require.NoError(t, os.RemoveAll(filepath.Dir(dir)))
	r := do(t, s, acquire("a", v))
	require.Equal(t, store.Fetch, r.Kind)
	require.True(t, v.Less(r.Grant), "a new epoch")
	require.NoError(t, os.RemoveAll(dir))
	require.Equal(t, store.Stale, do(t, s, publish("a", r.Grant, 2)).Kind, "the permission is gone")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.Chmod(dir, 0o770))
	_, err := s.Do(t.Context(), id, acquire("a", v))
	require.ErrorContains(t, err, "chmod 700 "+dir)
}

// A process that is stopped while it has the lock: here, one that never gives it back.
func TestD7_ALockThatIsKeptBlocksNoLongerThanTheContext(t *testing.T) {
	dir := directory(t)
	synctest.Test(t, func(t *testing.T) {
		s, stopped := open(t, dir), open(t, dir)
		release, err := stopped.Lock(id)
		require.NoError(t, err)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		_, err = s.Do(ctx, id, acquire("a", store.Version{}))
		require.Equal(t, 150*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, s.LockPath(id))
		_, err = s.Do(ctx, id, acquire("a", store.Version{}))
		require.ErrorIs(t, err, context.DeadlineExceeded, "a context that has ended")

		// Several operations of one process on the ID wait for each other, each no longer than it may.
		patient, cancelPatient := context.WithCancelCause(t.Context())
		ended := make(chan error)
		for range 3 {
			go func() {
				_, err := s.Do(patient, id, acquire("a", store.Version{}))
				ended <- err
			}()
		}
		time.Sleep(2 * time.Second)
		cancelPatient(errors.New("enough"))
		for range 3 {
			require.ErrorContains(t, <-ended, "enough")
		}
		release()
		require.Equal(t, store.Fetch, do(t, s, acquire("a", store.Version{})).Kind)
	})
}

func TestD2_AClosedStore(t *testing.T) {
	dir := directory(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir)
		release, err := s.Lock(id)
		require.NoError(t, err)
		defer release()
		failed := make(chan error)
		for range 2 {
			go func() {
				_, err := s.Do(t.Context(), id, acquire("a", store.Version{}))
				failed <- err
			}()
		}
		time.Sleep(time.Second)
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-failed, store.ErrClosed)
		require.ErrorIs(t, <-failed, store.ErrClosed)
		require.NoError(t, s.Close())
		_, err = s.Do(t.Context(), id, acquire("a", store.Version{}))
		require.ErrorIs(t, err, store.ErrClosed)
		require.ErrorIs(t, s.Watch(t.Context(), id, func(store.Push) {}), store.ErrClosed)
	})
}

func TestD4_NonsenseIsRefused(t *testing.T) {
	s := open(t, directory(t))
	var field *store.FieldError
	_, err := s.Do(t.Context(), "../x", acquire("a", store.Version{}))
	require.ErrorAs(t, err, &field)
	require.Equal(t, "ID", field.Field)
	require.ErrorAs(t, s.Watch(t.Context(), "", nil), &field)
	_, err = s.Do(t.Context(), id, store.Command{})
	require.ErrorAs(t, err, &field)
	require.Equal(t, "Kind", field.Field)
	_, err = s.Do(t.Context(), id, store.Command{Kind: store.Hold, Owner: "a", Grant: store.Version{Epoch: 1, Gen: 1}, Class: store.Response, Until: store.MaxNumber, Failures: 1})
	require.ErrorAs(t, err, &field, "what only Step can see")
	require.Equal(t, "Until", field.Field)
}

func TestD8_TimeIsThatOfTheMachine(t *testing.T) {
	dir := directory(t)
	now := store.Time(1_900_000_000_000)
	at := func(boot string) *filestore.Store {
		return open(t, dir).WithBoot(boot).WithClock(func() store.Time { return now })
	}
	s := at("one")
	r := do(t, s, acquire("a", store.Version{}))
	require.Equal(t, now, r.Now)
	require.Equal(t, store.Wait, do(t, s, acquire("b", store.Version{})).Kind)
	again := do(t, at("two"), acquire("b", store.Version{}))
	require.Equal(t, store.Fetch, again.Kind, "the machine was restarted, so no process fetches")
	require.Equal(t, r.Grant.Gen+1, again.Grant.Gen)

	// The clock was wrong, and is set back by a year: nothing lasts for a year.
	now -= 365 * 24 * 3_600_000
	back := do(t, at("two"), acquire("c", store.Version{}))
	require.Equal(t, store.Fetch, back.Kind)
	require.True(t, again.Grant.Less(back.Grant))
}

func TestD2_StatesOfNoUseAreRemoved(t *testing.T) {
	dir := directory(t)
	now := store.Time(1_900_000_000_000)
	s := open(t, dir).WithClock(func() store.Time { return now })
	in := func(n int) store.ID { return store.ID(digest(n)) }
	begin := func(n int) {
		r, err := s.Do(t.Context(), in(n), acquire("a", store.Version{}))
		require.NoError(t, err)
		require.Equal(t, store.Fetch, r.Kind)
	}
	begin(1)
	begin(2)
	release, err := s.Lock(in(2))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.StatePath(in(3)), []byte("damaged"), 0o600))
	now += 24 * 3_600_000
	begin(4)
	require.FileExists(t, s.StatePath(in(1)), "within a day")
	now += 3_600_000
	begin(5)
	for _, path := range []string{s.StatePath(in(1)), s.LockPath(in(1)), s.StatePath(in(3))} {
		require.NoFileExists(t, path)
	}
	require.FileExists(t, s.StatePath(in(2)), "in use")
	require.FileExists(t, s.LockPath(in(2)), "in use")
	require.FileExists(t, s.StatePath(in(4)))
	release()
	begin(1)
}

func TestD3_NothingShowsInAnError(t *testing.T) {
	s := open(t, directory(t))
	require.NoError(t, os.MkdirAll(filepath.Join(s.StatePath(id), "x"), 0o700))
	c := acquire("a", store.Version{})
	_, err := s.Do(t.Context(), id, c)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "sealed")
}
