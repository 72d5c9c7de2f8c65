package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

const id store.ID = "0123456789abcdef0123456789abcdef"

func digest(n int) store.Digest { return store.Digest(fmt.Sprintf("%032x", n)) }

// directory is one that a store can be made in.
func directory(t testing.TB) string {
	return filepath.Join(t.TempDir(), "tokens")
}

func open(t testing.TB, dir string) *filestore.Store {
	t.Helper()
	s, err := filestore.New(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func do(t testing.TB, s *filestore.Store, c store.Command) store.Reply {
	t.Helper()
	r, err := s.Do(t.Context(), id, c)
	require.NoError(t, err)
	return r
}

func acquire(owner string, seen store.Version) store.Command {
	return store.Command{Kind: store.Acquire, Owner: owner, Lease: store.DefaultLease, Seen: seen}
}

func publish(owner string, grant store.Version, token int) store.Command {
	return store.Command{
		Kind: store.Publish, Owner: owner, Grant: grant, Digest: digest(token), Expires: store.TimeOf(time.Now().Add(time.Hour)),
		Sealed: fmt.Appendf(nil, "sealed %d", token),
	}
}

// fetch has a process fetch and publish a token.
func fetch(t testing.TB, s *filestore.Store, owner string, token int, seen store.Version) store.Version {
	t.Helper()
	r := do(t, s, acquire(owner, seen))
	require.Equal(t, store.Fetch, r.Kind)
	require.Equal(t, store.Done, do(t, s, publish(owner, r.Grant, token)).Kind)
	return r.Grant
}
