package main

import (
	"context"
	"fmt"
	"time"
)

// idle is what a process costs that has a token and no requests to send, beside one without a store. The processes are
// new: what earlier rows have left in their memory would be measured, too.
func (f *figures) idle() error {
	n := f.b.scaled(20, 4)
	return f.play([3]int{n, n, 0}, func(ctx context.Context, t *teams) error {
		f.say("idle processes")
		var used [2]idleUsage
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
		err := f.idleFor(ctx, both, used[:])
		if err != nil {
			f.note("What an idle process uses was not measured: " + err.Error() + ".")
			return nil
		}
		sockets, err := t.shared.ConnectionsTo(t.redis.port)
		if err != nil {
			return err
		}
		most := 0
		for _, s := range sockets {
			most = max(most, s)
		}
		with, without := used[0], used[1]
		more, cpu := with.private-without.private, with.cpu-without.cpu
		f.row(idleTable, 0, "private memory, median of "+processes(n), size(with.private), size(without.private), size(more))
		f.row(idleTable, 1, "processor time, ms a second", fmt.Sprintf("%.3f", with.cpu), fmt.Sprintf("%.3f", without.cpu), fmt.Sprintf("%.3f", cpu))
		f.row(idleTable, 2, "connections to Redis, at most", count(most), "0", count(most))
		f.aim(more <= 0.3*(1<<20), "an idle process: at most 0.3 MiB of private memory more than without a store", size(more))
		f.aim(cpu <= 0.2, "an idle process: at most 0.2 ms of processor time a second more", fmt.Sprintf("%.3f ms", cpu))
		f.promise(most <= 2, "an idle process: 2 connections to the store", count(most))
		return nil
	})
}

// idleUsage is what each process of a team uses.
type idleUsage struct {
	private float64 // bytes
	cpu     float64 // milliseconds a second
}

// idleFor watches teams that rest.
func (f *figures) idleFor(ctx context.Context, all []*team, used []idleUsage) error {
	window := 30 * time.Second // in which each process has asked the store whether it still has the token
	if f.b.short {
		window = 2 * time.Second
	}
	before := make([]float64, len(all))
	began := time.Now()
	for i, one := range all {
		cpu, _, err := one.usage()
		if err != nil {
			return err
		}
		before[i] = cpu
	}
	if err := sleep(ctx, window); err != nil {
		return err
	}
	took := time.Since(began)
	for i, one := range all {
		cpu, private, err := one.usage()
		if err != nil {
			return err
		}
		used[i] = idleUsage{private: private, cpu: (cpu - before[i]) / float64(one.size) / took.Seconds()}
	}
	return nil
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

// note is said below the tables.
func (f *figures) note(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.section.notes = append(f.section.notes, text)
}
