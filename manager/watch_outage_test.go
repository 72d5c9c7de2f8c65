package manager_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// A watcher that has an error, and misses the token that ended that outage, learns of no second outage.
func TestW3_ASlowWatcherGetsNoTwoErrorsInARow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		pause := make(chan struct{})
		slow := w.watchPausing(pause)
		w.advance(second)
		slow.want("!")
		w.endpoint.works()
		w.advance(10 * second)
		require.NotNil(t, w.m.Current())
		w.endpoint.fails(errDown)
		w.advance(2 * minute)
		require.Nil(t, w.m.Current())
		close(pause)
		slow.want("!")
		w.endpoint.works()
		w.advance(10 * second)
		require.Len(t, slow.got, 2)
	})
}

func TestW3_OneErrorInAnOutageThatOutlastsTheToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		for n := range 3 {
			w.endpoint.fails(errDown)
			w.advance(89 * second)
			require.Len(t, v.got, 2*n+1, "the token is still usable")
			w.advance(2 * second)
			require.Len(t, v.got, 2*n+2)
			require.Equal(t, "!", v.got[2*n+1])
			w.advance(10 * minute)
			require.Len(t, v.got, 2*n+2, "one error")
			var e *manager.Error
			require.ErrorAs(t, v.errs[n], &e)
			require.ErrorIs(t, e, errDown)
			w.endpoint.works()
			w.advance(10 * second)
			require.Len(t, v.got, 2*n+3)
			require.NotEqual(t, "!", v.got[2*n+2])
			v.clockToStart()
		}
	})
}

// clockToStart fetches a token now, so that a lifetime begins.
func (v *watcher) clockToStart() {
	v.refresh().token()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.got = v.got[:len(v.got)-1]
}

func TestW3_AnOutageThatIsShorterThanTheTokenIsNotYielded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		w.endpoint.fails(errDown)
		w.advance(80 * second)
		w.endpoint.works()
		w.advance(10 * second)
		require.Len(t, v.got, 2)
		require.Empty(t, v.errs)
	})
}

// A watcher that joins during an outage learns of it at once.
func TestW3_AWatcherThatJoinsInAnOutage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.advance(300 * ms)
		require.Error(t, c.failure())
		w.wantFetches(3)
		v := w.watch()
		v.want("!")
		require.Same(t, c.err, v.errs[0])
		w.wantFetches(3)
		w.advance(hour)
		late := w.watch()
		v.want("!")
		late.want("!")
		require.Greater(t, nextAttempt(t, late.errs[0]), hour, "its error is the last one's")
		w.endpoint.works()
		w.advance(10 * second)
		require.Len(t, v.got, 2)
		require.Equal(t, v.got, late.got)
	})
}

// A hold or a permanent failure that began while the token was usable keeps attempts away when it is lost: watchers do
// not have to wait for the next attempt to learn that.
func TestW3_TheErrorComesWithTheLoss(t *testing.T) {
	for _, err := range []error{later{errDown, 10 * minute}, permanent{errDown}} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.lifetime = 20 * second
			v := w.watch()
			w.endpoint.fails(err)
			w.advance(18*second - 1)
			v.want("t1")
			w.advance(1)
			v.want("t1", "!")
		})
	}
}

func TestW3_AbandonedFetchesAreAnOutage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		v := w.watch()
		w.advance(10 * minute)
		v.want("!")
		w.wantFetches(3)
		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.endpoint.release(1)
		w.advance(10 * second)
		require.Len(t, v.got, 2)
	})
}

// Watchers, outages and rejections in any order: no error follows an error, and no value itself.
func TestW3_AnyOrder(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.lifetime = time.Duration(1+rng.IntN(40)) * second
			var watchers []*watcher
			for range 200 {
				switch rng.IntN(8) {
				case 0:
					watchers = append(watchers, w.watch())
				case 1:
					if len(watchers) > 0 {
						watchers[rng.IntN(len(watchers))].stop()
					}
				case 2:
					w.endpoint.fails(errDown)
				case 3:
					w.endpoint.works()
				case 4:
					if token := w.m.Current(); token != nil {
						_ = w.m.Invalidate(token, "https://a")
					}
				case 5:
					ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
					_, _ = w.m.Token(ctx)
					cancel()
				default:
					w.advance(time.Duration(rng.Int64N(int64(20 * second))))
				}
			}
			w.endpoint.works()
			last := w.watch()
			w.advance(15 * second)
			require.NotEmpty(t, last.got)
			for _, v := range append(watchers, last) {
				for i := range v.got {
					require.False(t, i > 0 && v.got[i] == v.got[i-1], "seed %d: %v", seed, v.got)
				}
			}
			require.LessOrEqual(t, w.endpoint.most, 1)
		})
	}
}

var errAny = errors.New("any")

// A watcher's error is that of a caller, and prints no secret.
func TestW3_TheErrorIsThatOfACaller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = func(int) (*oauth2.Token, error) { return nil, permanent{errAny} }
		v := w.watch()
		c := w.wait()
		v.want("!")
		require.Same(t, c.failure(), v.errs[0])
	})
}
