package main

import (
	"context"
	"runtime"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/redisstore"
)

// reading is what a caller pays for a token that is there, with a store and without, side by side in one process.
func (f *figures) reading(s *sheet) error {
	r, err := startRedis(f.program)
	if err != nil {
		return err
	}
	defer r.close()
	shared, err := redisstore.Open(r.url())
	if err != nil {
		return err
	}
	defer shared.Close()
	key := alf.StoreKey("the key of the benchmark")
	var trials []trial
	for _, s := range []*manager.Sharing{nil, {Store: shared, Key: key, Identity: []string{"bench"}}} {
		m := newManager(manager.Config{Fetcher: constant(cached), Sharing: s})
		defer func() { _ = m.Close() }()
		ctx := context.Background()
		if _, err := m.Token(ctx); err != nil {
			return err
		}
		spin := func(n int) {
			var t *manager.Token
			for range n {
				t, _ = m.Token(ctx)
			}
			runtime.KeepAlive(t)
		}
		trials = append(trials, func() float64 { return perCall(1, f.b.scaled(200_000, 2_000), spin) })
	}
	samples := interleave(f.b.rounds(61), f.step("reading a token"), trials...)
	without, with := samples[0], samples[1]
	over := with.over(without)
	s.row(readTable, 0, "reading a token, ns", number(with.median()), number(without.median()), exactly(over.median()))
	s.aimRatios(over, 1.02, "reading a token takes 1.02 times as long as without a store, at most", "")
	return nil
}
