package filestore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

// What a process pays that takes the token of another one.
func BenchmarkAcquire(b *testing.B) {
	s := open(b, directory(b))
	fetch(b, s, "a", 1, store.Version{})
	c := acquire("b", store.Version{})
	for b.Loop() {
		r, err := s.Do(b.Context(), id, c)
		if err != nil || r.Kind != store.Have {
			b.Fatal(r, err)
		}
	}
}

// What a fetch costs beside the token request: a lease and a record, which is written through to the disk.
func BenchmarkFetch(b *testing.B) {
	s := open(b, directory(b))
	var seen store.Version
	for b.Loop() {
		seen = fetch(b, s, "a", 1, seen)
	}
}

// What a process pays that starts, takes a token and ends.
func BenchmarkNew(b *testing.B) {
	dir := directory(b)
	for b.Loop() {
		s, err := filestore.New(dir)
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
}
