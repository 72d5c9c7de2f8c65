package conformance_test

import "time"

// draw is what is drawn at a time, in [0, 1): for everyone the same, and in both worlds, so that neither the number nor
// the order of draws within one instant can tell them apart.
type draw func(at time.Duration) float64

// even is the middle of every range.
func even(time.Duration) float64 { return 0.5 }

// seededDraw is different at every instant. It takes 16 values only, none of which makes two unlike figures of a plan
// alike or a Retry-After of a multiple of 32 s anything but whole seconds, of which that header consists.
func seededDraw(seed uint64) draw {
	return func(at time.Duration) float64 {
		z := seed<<48 ^ uint64(at)
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9 // the finalizer of SplitMix64
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return float64((z^z>>31)>>60)/16 + 1./32
	}
}

// The ranges below are those of package world, word for word: what is drawn there has to be drawn here.

func (d draw) chance(at time.Duration, p float64) bool { return p > 0 && d(at) > 1-p }

func (d draw) below(at time.Duration, n int) int { return int(d(at) * float64(n)) }

func (d draw) between(at, from, to time.Duration) time.Duration {
	return from + time.Duration(d(at)*float64(to-from))
}

func (d draw) about(at, mean time.Duration) time.Duration {
	return d.between(at, mean/2, mean+mean/2)
}
