package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// idle is what a process costs that has a token and no requests to send, beside one without a store.
func (f *figures) idle(ctx context.Context, t *teams, s *sheet) error {
	both := []*team{t.shared, t.apart}
	for _, one := range both {
		if err := one.Send(); err != nil {
			return err
		}
		if err := one.served(ctx, 0); err != nil {
			return err
		}
		if err := one.Rest(); err != nil {
			return err
		}
		if _, err := one.failures(ctx); err != nil { // when all of them rest
			return err
		}
	}
	used, err := f.idleFor(ctx, both)
	if err != nil {
		s.note("What an idle process uses was not measured: " + err.Error() + ".")
		return nil
	}
	sockets, err := t.shared.ConnectionsTo(t.redis.port)
	if err != nil {
		return err
	}
	with, without, most := used[0], used[1], slices.Max(sockets)
	more, cpu := with.private-without.private, with.cpu-without.cpu
	s.row(idleTable, 0, "private memory, median of "+processes(t.shared.size), size(with.private), size(without.private), size(more))
	s.row(idleTable, 1, "processor time, ms a second", fmt.Sprintf("%.3f", with.cpu), fmt.Sprintf("%.3f", without.cpu), fmt.Sprintf("%.3f", cpu))
	s.row(idleTable, 2, "connections to Redis, at most", count(most), "0", count(most))
	s.aim(more <= 0.3*(1<<20), "an idle process: at most 0.3 MiB of private memory more than without a store", size(more))
	s.aim(cpu <= 0.2, "an idle process: at most 0.2 ms of processor time a second more", fmt.Sprintf("%.3f ms", cpu))
	s.promise(most <= 2, "an idle process: 2 connections to the store", count(most))
	return nil
}

// idleUsage is what each process of a team uses.
type idleUsage struct {
	private float64 // bytes
	cpu     float64 // milliseconds a second
}

// idleFor watches teams that rest.
func (f *figures) idleFor(ctx context.Context, all []*team) (used []idleUsage, err error) {
	window := 30 * time.Second // in which each process has asked the store whether it still has the token
	if f.b.short {
		window = 2 * time.Second
	}
	before := make([]float64, len(all))
	began := time.Now()
	for i, one := range all {
		cpu, _, err := one.usage()
		if err != nil {
			return nil, err
		}
		before[i] = cpu
	}
	if err := sleep(ctx, window); err != nil {
		return nil, err
	}
	took := time.Since(began)
	for i, one := range all {
		cpu, private, err := one.usage()
		if err != nil {
			return nil, err
		}
		used = append(used, idleUsage{private: private, cpu: (cpu - before[i]) / float64(one.size) / took.Seconds()})
	}
	return used, nil
}

// usage is the processor time of all processes in milliseconds, and the median of their private memory.
func (t *team) usage() (cpu, private float64, err error) {
	var sizes sample
	for _, p := range t.Processes() {
		u, err := p.Usage()
		if err != nil {
			return 0, 0, err
		}
		cpu += u.CPU.Seconds() * 1000
		sizes = append(sizes, float64(u.Private))
	}
	return cpu, sizes.median(), nil
}
