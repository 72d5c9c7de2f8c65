package pool_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/pool"
)

type token struct {
	name  int
	used  time.Duration
	busy  bool
	place pool.Place
}

// index finds tokens by their addresses: a key that is not in it is a token to be added.
type index map[*token]bool

func (x index) Find(k *token) *token {
	if x[k] {
		return k
	}
	return nil
}
func (x index) Add(k *token)    { x[k] = true }
func (x index) Remove(k *token) { delete(x, k) }

type world struct {
	pool.Members[*token, *token]
	index index
}

func members(p pool.Policy) *world {
	w := &world{index: index{}}
	w.Members = pool.New(p, w.index, func(t *token) *pool.Place { return &t.place }, func(t *token) time.Duration { return t.used })
	return w
}

// Admit adds a token that is not in the pool.
func (w *world) Admit(k *token) (evicted *token, ok bool) {
	a, ok := w.Acquire(k, func() *token { return k })
	if ok && !a.Created || ok && a.Token != k || !ok && w.index[k] {
		panic("added, and was there; or not added, and is there")
	}
	if a.Evicted != nil && w.index[a.Evicted] {
		panic("evicted, and still in the index")
	}
	return a.Evicted, ok
}

func TestP4_TheLeastRecentlyUsedIdleTokenMakesRoom(t *testing.T) {
	m := members(pool.Policy{MaxTokens: 3})
	tokens := make([]*token, 6)
	for i := range tokens {
		tokens[i] = &token{name: i, used: time.Duration(i)}
	}
	for _, k := range tokens[:3] {
		evicted, ok := m.Admit(k)
		require.True(t, ok)
		require.Nil(t, evicted)
	}
	_, ok := m.Admit(tokens[3])
	require.False(t, ok, "all are busy")
	for _, k := range tokens[:3] {
		m.Settle(k, false)
	}
	tokens[0].used = 10 // read meanwhile: no one noted it in the order
	evicted, ok := m.Admit(tokens[3])
	require.True(t, ok)
	require.Same(t, tokens[1], evicted)
	m.Settle(tokens[2], true)
	evicted, ok = m.Admit(tokens[4])
	require.True(t, ok)
	require.Same(t, tokens[0], evicted, "the other ones are busy")
	require.False(t, m.Remove(evicted))
}

func TestP4_ABoundOnBusyTokensIsKept(t *testing.T) {
	m := members(pool.Policy{MaxBusy: 2})
	a, b, c := &token{}, &token{}, &token{}
	for _, k := range []*token{a, b} {
		_, ok := m.Admit(k)
		require.True(t, ok)
	}
	_, ok := m.Admit(c)
	require.False(t, ok)
	m.Settle(a, false)
	_, ok = m.Admit(c)
	require.True(t, ok)
	m.Settle(a, true) // a refresh may begin, whatever the bound
	total, busy := m.Counts()
	require.Equal(t, 3, total)
	require.Equal(t, 3, busy)
}

func TestP4_ForgottenAfterTheIdleTime(t *testing.T) {
	m := members(pool.Policy{})
	k := &token{used: time.Minute}
	m.Admit(k)
	require.False(t, m.Forget(k, 2*time.Hour), "it is busy")
	m.Settle(k, false)
	require.False(t, m.Forget(k, time.Hour+time.Minute-1))
	require.True(t, m.Forget(k, time.Hour+time.Minute))
	require.Empty(t, m.index)
	require.False(t, m.Forget(k, time.Hour+time.Minute), "it has gone")
	total, busy := m.Counts()
	require.Zero(t, total+busy)
}

func TestP4_AKeyHasOneToken(t *testing.T) {
	m := members(pool.Policy{MaxTokens: 1, MaxBusy: 1})
	k := &token{}
	m.Admit(k)
	for range 2 { // though another one could not be added
		a, ok := m.Acquire(k, func() *token { panic("there is one") })
		require.True(t, ok)
		require.Same(t, k, a.Token)
		require.False(t, a.Created)
		require.Nil(t, a.Evicted)
	}
	require.True(t, m.Remove(k))
	require.Empty(t, m.index)
}

// TestP4_TheOrderIsThatOfUse compares with a list that is sorted every time.
func TestP4_TheOrderIsThatOfUse(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 7))
		m := members(pool.Policy{MaxTokens: 8, MaxBusy: 6})
		var in []*token
		now := time.Duration(0)
		for step := range 400 {
			now++
			switch rng.IntN(4) {
			case 0:
				k := &token{name: step, used: now, busy: true}
				var idle []*token
				busy := 0
				for _, o := range in {
					if o.busy {
						busy++
					} else {
						idle = append(idle, o)
					}
				}
				evicted, ok := m.Admit(k)
				if busy >= 6 || len(in) >= 8 && len(idle) == 0 {
					require.False(t, ok)
					continue
				}
				require.True(t, ok)
				if len(in) >= 8 {
					want := slices.MinFunc(idle, func(a, b *token) int { return cmp.Compare(a.used, b.used) })
					require.Same(t, want, evicted, "seed %d step %d", seed, step)
					in = slices.DeleteFunc(in, func(o *token) bool { return o == evicted })
				}
				in = append(in, k)
			case 1:
				if len(in) > 0 {
					in[rng.IntN(len(in))].used = now
				}
			case 2:
				if len(in) > 0 {
					k := in[rng.IntN(len(in))]
					k.busy = !k.busy
					m.Settle(k, k.busy)
				}
			case 3:
				if len(in) > 0 && rng.IntN(4) == 0 {
					i := rng.IntN(len(in))
					require.True(t, m.Remove(in[i]))
					in = slices.Delete(in, i, i+1)
				}
			}
			total, busy := m.Counts()
			require.Equal(t, len(in), total)
			n := 0
			for _, k := range in {
				if k.busy {
					n++
				}
			}
			require.Equal(t, n, busy)
		}
	}
}
