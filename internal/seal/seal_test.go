package seal_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/seal"
	"github.com/alf-go/alf/store"
)

var (
	secret = []byte("a secret of twenty-odd bytes")
	token  = seal.Token{
		Value: "the-very-token", Type: "Bearer", Members: `{"scope":"read"}`, Life: time.Hour, Refresh: 45 * time.Minute,
	}
	at = store.Version{Epoch: 17, Gen: 4}
)

const expires store.Time = 1_800_000_000_000

func derive(t *testing.T, key []byte, identity ...string) *seal.Keys {
	t.Helper()
	k, err := seal.Derive(key, identity)
	require.NoError(t, err)
	return k
}

func TestD3_ASealedTokenComesBack(t *testing.T) {
	k := derive(t, secret, "https://as.example.com/token", "client")
	sealed := k.Seal(at, expires, token)
	got, err := derive(t, secret, "https://as.example.com/token", "client").Open(at, expires, sealed)
	require.NoError(t, err)
	require.Equal(t, token, got)
	require.NotEqual(t, sealed, k.Seal(at, expires, token), "no two are the same")
}

// A record is bound to its key, its place, its version and its expiry, and any changed byte is noticed.
func TestD3_ARecordIsBoundToItsPlace(t *testing.T) {
	k := derive(t, secret, "endpoint", "client")
	sealed := k.Seal(at, expires, token)
	refused := func(k *seal.Keys, at store.Version, expires store.Time, sealed []byte) {
		t.Helper()
		got, err := k.Open(at, expires, sealed)
		require.Error(t, err)
		require.Zero(t, got)
	}
	refused(k, store.Version{Epoch: 17, Gen: 5}, expires, sealed)
	refused(k, store.Version{Epoch: 18, Gen: 4}, expires, sealed)
	refused(k, at, expires+1, sealed)
	refused(derive(t, secret, "endpoint", "other"), at, expires, sealed)
	refused(derive(t, []byte("another secret of that length"), "endpoint", "client"), at, expires, sealed)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused(k, at, expires, changed)
		refused(k, at, expires, sealed[:i])
	}
	refused(k, at, expires, nil)
}

// The length of each part counts, so no two lists of parts are the same identity.
func TestD1_IdentitiesAreDistinct(t *testing.T) {
	seen := map[store.ID][]string{}
	for _, identity := range [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}} {
		id := derive(t, secret, identity...).ID()
		require.NoError(t, id.Validate())
		require.Nil(t, seen[id], "%q and %q", identity, seen[id])
		seen[id] = identity
	}
}

func TestD1_AShortKeyIsRefused(t *testing.T) {
	_, err := seal.Derive([]byte("fifteen bytes.."), nil)
	require.ErrorContains(t, err, "16 bytes")
}

// Nothing that a store sees, and nothing that is printed, shows what it is about.
func TestD3_NothingIsShown(t *testing.T) {
	k := derive(t, secret, "https://as.example.com/token", "client-id")
	all := fmt.Sprintf("%s %s %s %s %x %v %+v %#v %s",
		k.ID(), k.Token(token.Value), k.Origin("https://api.example.com"), k.Seal(at, expires, token), k.Rejection("x"), k, *k, k, secretless(k))
	for _, shown := range []string{token.Value, "example.com", "client-id", "read", string(secret), fmt.Sprintf("%x", secret)} {
		require.NotContains(t, all, shown)
	}
	require.NotEqual(t, k.Token("x"), k.Origin("x"), "one name for a token, another one for an origin")
}

func secretless(k *seal.Keys) string { return fmt.Sprintf("%+v", struct{ keys *seal.Keys }{k}) }

func TestD4_AHoldIsTrustedFromThoseWithTheKey(t *testing.T) {
	k := derive(t, secret, "endpoint", "client")
	h := store.HoldState{Fence: 3, Until: expires, Class: store.Response, Failures: 2}
	h.Note = k.Hold(17, h)
	require.True(t, k.TrustsHold(17, h))
	require.False(t, k.TrustsHold(18, h))
	for _, change := range []func(h *store.HoldState){
		func(h *store.HoldState) { h.Fence++ }, func(h *store.HoldState) { h.Until++ }, func(h *store.HoldState) { h.Class = store.Connection },
		func(h *store.HoldState) { h.Behind = true }, func(h *store.HoldState) { h.Failures++ }, func(h *store.HoldState) { h.Note = nil },
	} {
		changed := h
		change(&changed)
		require.False(t, k.TrustsHold(17, changed), "%+v", changed)
	}
	require.False(t, derive(t, secret, "endpoint", "other").TrustsHold(17, h))

	note := k.Rejection(k.Origin("a"))
	require.True(t, k.TrustsRejection(k.Origin("a"), note))
	require.False(t, k.TrustsRejection(k.Origin("b"), note))
	require.LessOrEqual(t, len(note), store.MaxNote)
}

func FuzzOpen(f *testing.F) {
	k, err := seal.Derive(secret, []string{"endpoint"})
	require.NoError(f, err)
	f.Add(k.Seal(at, expires, token))
	f.Fuzz(func(t *testing.T, sealed []byte) { _, _ = k.Open(at, expires, sealed) })
}
