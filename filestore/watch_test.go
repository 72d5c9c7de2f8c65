package filestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

// follow watches in the background and returns what is pushed, and how Watch ends.
func follow(ctx context.Context, s *filestore.Store, of store.ID) (pushes chan store.Push, ended chan error) {
	pushes, ended = make(chan store.Push, 100), make(chan error, 1)
	go func() { ended <- s.Watch(ctx, of, func(p store.Push) { pushes <- p }) }()
	return pushes, ended
}

func TestD9_AChangeIsNoticedWithinAQuarterOfASecond(t *testing.T) {
	dir := directory(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		writer, reader := open(t, dir), open(t, dir)
		pushes, ended := follow(ctx, reader, id)
		synctest.Wait()
		require.Zero(t, (<-pushes).Version, "first as it is")

		var v store.Version
		for token := range 10 {
			time.Sleep(time.Duration(token) * 37 * time.Millisecond)
			r := do(t, writer, acquire("a", v))
			time.Sleep(250 * time.Millisecond)
			synctest.Wait()
			require.Empty(t, pushes, "no process waits for a lease")
			do(t, writer, publish("a", r.Grant, token))
			v = r.Grant
			time.Sleep(250 * time.Millisecond)
			synctest.Wait()
			p := <-pushes
			require.Equal(t, v, p.Version)
			require.Equal(t, fmt.Sprintf("sealed %d", token), string(p.Record.Sealed))
			require.Zero(t, p.Busy)
			require.Empty(t, pushes)
		}
		r := do(t, writer, acquire("a", v))
		time.Sleep(250 * time.Millisecond)
		do(t, writer, store.Command{Kind: store.Release, Owner: "a", Grant: r.Grant})
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		require.Zero(t, (<-pushes).Busy, "a lease has ended")
		r = do(t, writer, acquire("a", v))
		do(t, writer, store.Command{Kind: store.Release, Owner: "a", Grant: r.Grant})
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		require.Zero(t, (<-pushes).Busy, "a lease that was there in between has ended")
		r = do(t, writer, acquire("a", v))
		until := store.TimeOf(time.Now().Add(time.Minute))
		do(t, writer, store.Command{Kind: store.Hold, Owner: "a", Grant: r.Grant, Class: store.Response, Until: until, Failures: 1})
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, until, (<-pushes).Hold.Until)

		require.NoError(t, os.RemoveAll(dir))
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		require.Zero(t, (<-pushes).Version)
		fetch(t, writer, "a", 77, v)
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, digest(77), (<-pushes).Record.Digest)

		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		time.Sleep(250 * time.Millisecond) // the goroutine that looks ends by itself
		synctest.Wait()
	})
}

func TestD9_OnlyTheIDThatChangedIsReported(t *testing.T) {
	dir := directory(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir)
		var all []chan store.Push
		var ends []chan error
		for n := range 50 {
			pushes, ended := follow(t.Context(), s, store.ID(digest(n)))
			synctest.Wait()
			<-pushes
			all, ends = append(all, pushes), append(ends, ended)
		}
		r, err := s.Do(t.Context(), store.ID(digest(7)), acquire("a", store.Version{}))
		require.NoError(t, err)
		_, err = s.Do(t.Context(), store.ID(digest(7)), publish("a", r.Grant, 1))
		require.NoError(t, err)
		time.Sleep(time.Second)
		synctest.Wait()
		for n, pushes := range all {
			require.Equal(t, n == 7, len(pushes) == 1, n)
		}
		require.NoError(t, s.Close())
		for _, ended := range ends {
			require.ErrorIs(t, <-ended, store.ErrClosed)
		}
	})
}

func TestD9_AWatchThatCannotGoOnSaysWhy(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "folder")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(parent, "tokens"))
		_, ended := follow(t.Context(), s, id)
		synctest.Wait()
		require.NoError(t, os.RemoveAll(parent))
		require.NoError(t, os.WriteFile(parent, nil, 0o600))
		err := <-ended
		var problem *filestore.Error
		require.ErrorAs(t, err, &problem)
		require.Equal(t, s.Dir(), problem.Path)
		require.ErrorContains(t, err, "not a directory")
	})
}

// In real time, the kernel reports changes where it can.
func TestD9_ChangesAreReportedInRealTime(t *testing.T) {
	dir := directory(t)
	writer, reader := open(t, dir), open(t, dir)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		pushes, ended := follow(ctx, reader, id)
		v := (<-pushes).Version
		for token := range 20 {
			v = fetch(t, writer, "a", token, v)
			for p := range pushes {
				if p.Version == v { // one may come in between: a lease that has ended
					break
				}
			}
		}
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	}
	_, ended := follow(t.Context(), reader, id)
	require.NoError(t, reader.Close())
	require.ErrorIs(t, <-ended, store.ErrClosed)
}
