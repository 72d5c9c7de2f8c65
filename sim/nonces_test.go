package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newNoncesFor(life time.Duration) *nonces {
	n := newNonces(newNonceKey())
	n.life.Store(int64(life))
	return n
}

func TestNonces_LastForTheirLife(t *testing.T) {
	const host = "auth.example.com"
	n, now := newNoncesFor(time.Second), time.Now()
	require.False(t, n.known(now))
	nonce := n.next(host, now)
	for after, fresh := range map[time.Duration]bool{-time.Hour: true, 0: true, time.Second - 1: true, time.Second: false} {
		require.Equal(t, fresh, n.fresh(host, nonce, now.Add(after)), after)
		require.Equal(t, fresh, n.known(now.Add(after)), after)
	}
	require.True(t, n.fresh("AUTH.example.com", nonce, now))
	require.False(t, n.fresh("api.example.com", nonce, now))
	n.next(host, now.Add(time.Second))
	require.True(t, n.known(now.Add(time.Second)))
	for _, other := range []string{"", "!", "AAAA", newNoncesFor(time.Second).next(host, now), altered(nonce)} {
		require.False(t, n.fresh(host, other, now), other)
	}
	n.life.Store(0)
	require.True(t, n.fresh(host, "", now.Add(time.Hour)), "none is demanded")
}

// altered returns a nonce with its first character replaced by another one.
func altered(nonce string) string {
	if nonce[0] == 'A' {
		return "B" + nonce[1:]
	}
	return "A" + nonce[1:]
}

func TestSeen_ForgetsWhatCannotComeAgain(t *testing.T) {
	s, now := seen{keep: time.Minute}, time.Now()
	require.True(t, s.first("a", now))
	require.False(t, s.first("a", now))
	require.True(t, s.first("b", now.Add(59*time.Second)))
	require.True(t, s.first("c", now.Add(61*time.Second)))
	require.False(t, s.first("b", now.Add(118*time.Second)), "not before its time")
	require.True(t, s.first("a", now.Add(3*time.Minute)))
	require.LessOrEqual(t, len(s.recent)+len(s.older), 3)
}
