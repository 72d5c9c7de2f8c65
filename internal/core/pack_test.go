package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// TestP5_APackedCoreDoesTheSame steps two cores alike. One is packed whenever it rests, for some time, and unpacked for
// its next step.
func TestP5_APackedCoreDoesTheSame(t *testing.T) {
	packings, seeds := 0, 300
	if raceDetector { // the core has no goroutine that could race
		seeds = 30
	}
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 5))
		policy := core.Policy{}.WithDefaults()
		whole, other := core.New(policy), core.New(policy)
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		var packed []byte
		var packedAt, end time.Time
		begun := now
		var flight, publication uint64
		fetching, held := false, false
		for step := range 400 {
			now = now.Add(time.Duration(rng.Int64N(int64([]time.Duration{time.Millisecond, time.Second, time.Minute}[rng.IntN(3)]))))
			in := core.Input{Read: rng.IntN(2) == 0, Watched: rng.IntN(10) == 0}
			switch k := rng.IntN(9); {
			case k < 2:
				in.Kind = core.Get
			case k == 2 && rng.IntN(5) == 0:
				in.Kind, in.Current, in.Wait, in.Origin = core.Invalidate, rng.IntN(2) == 0, true, uint64(1+rng.IntN(2))
			case k == 3:
				in.Kind = core.RefreshHint
			case k == 4 && rng.IntN(5) == 0:
				in.Kind = core.Refresh
			case k == 5 && publication > 0:
				in.Kind, in.Publication = core.Expire, publication
			case k > 5 && fetching:
				in.Kind, in.Flight = core.Fetched, flight
				in.Result = core.Result{
					OK: rng.IntN(3) > 0, Same: held && rng.IntN(4) == 0, Permanent: rng.IntN(4) == 0,
					Expiry: now.Add(time.Duration(rng.Int64N(int64(3 * time.Minute)))),
				}
				if rng.IntN(4) == 0 {
					in.Result.RetryAfter = time.Minute
				}
			}
			draw := rng.Float64()
			if packed != nil {
				var at core.Elapsed
				other, at = core.Unpack(policy, packed, now, now.Sub(begun), end)
				require.Equal(t, packedAt.Sub(begun), at)
				packed = nil
			}
			want, got := whole.Step(now, draw, in), other.Step(now, draw, in)
			// Elapsed times count from the moment of packing.
			require.Equal(t, want.Armed, got.Armed, "seed %d step %d", seed, step)
			if want.Armed {
				require.Equal(t, whole.Left(want.Wake), other.Left(got.Wake), "seed %d step %d", seed, step)
			}
			want.Wake, got.Wake = 0, 0
			require.Equal(t, plain(want), plain(got), "seed %d step %d", seed, step)
			require.Equal(t, whole.State(), other.State())
			require.Equal(t, whole.Publications(), other.Publications())
			require.Equal(t, whole.Resting(), other.Resting())
			if in.Kind == core.Fetched {
				fetching = false
			}
			if want.Fetch {
				fetching, flight = true, want.Flight
			}
			if want.Publish {
				publication, held, end = want.Publication.Number, true, want.Publication.EffectiveExpiry
			}
			if other.Resting() && rng.IntN(2) == 0 {
				packed, packedAt = other.Pack(nil, now.Sub(begun)), now
				packings++
				require.LessOrEqual(t, len(packed), 80)
			}
		}
	}
	require.Greater(t, packings, seeds*50/3)
}

// plain has its times without a location and a monotonic part.
func plain(e core.Effects) core.Effects {
	utc := func(at *time.Time) {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	p := &e.Publication
	for _, at := range []*time.Time{&p.Start, &p.RefreshTime, &p.EffectiveExpiry, &p.Expiry, &e.Until, &e.Failure.Next} {
		utc(at)
	}
	for i := range e.Events {
		utc(&e.Events[i].Until)
	}
	return e
}
