package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/fleet"
)

// fleetProgram is what the processes of this point are made of.
var fleetProgram = fleet.Program{Open: openStore, Bare: openBare}

// teams are processes, each team with a token endpoint and an API of its own. Those that were not asked for are nil.
type teams struct {
	redis               *redisServer
	shared, apart, lone *team
}

// team is processes and their server.
type team struct {
	*fleet.Fleet
	server *fleet.Server
	size   int
	failed int // API requests that have failed, at the last count
}

// start starts processes. All of them rest.
func (f *figures) start(ctx context.Context, sizes [3]int) (t *teams, err error) {
	t = new(teams)
	if t.redis, err = startRedis(f.program); err != nil {
		return nil, err
	}
	f.say("starting " + processes(sizes[0]+sizes[1]+sizes[2]))
	for i, at := range []**team{&t.shared, &t.apart, &t.lone} {
		if sizes[i] == 0 {
			continue
		}
		address := ""
		if i == 0 {
			address = t.redis.url()
		}
		if *at, err = newTeam(ctx, []string{"shared-", "apart-", "lone-"}[i], sizes[i], address); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	return t, nil
}

// fetchTime is how long a token request takes.
const fetchTime = 100 * time.Millisecond

// newTeam starts n processes, with the store at an address, or without.
func newTeam(ctx context.Context, prefix string, n int, address string) (*team, error) {
	server, err := fleet.NewServer()
	if err != nil {
		return nil, err
	}
	server.SetLatency(fetchTime)
	task := server.Task()
	task.Store, task.StoreKey = address, "the key of the benchmark"
	task.Policy = alf.Policy{Jitter: -1}
	processes, err := fleet.Start(ctx, prefix, n, task)
	if err != nil {
		server.Close()
		return nil, err
	}
	return &team{Fleet: processes, server: server, size: n}, nil
}

func (t *team) close() error {
	err := t.Close()
	t.server.Close()
	return err
}

func (t *teams) close() error {
	var errs []error
	for _, one := range []*team{t.shared, t.apart, t.lone} {
		if one != nil {
			errs = append(errs, one.close())
		}
	}
	t.redis.close()
	return errors.Join(errs...)
}

// recoveryTime is how long a team may take until all its requests succeed again.
const recoveryTime = time.Minute

// recovered is what it took a team to have a token again.
type recovered struct {
	requests    []fleet.TokenRequest
	first, last time.Time // when processes had it
	failed      int
}

// recover does something to a team, after which all its processes need another token, and waits until they are served.
func (t *team) recover(ctx context.Context, do func() error) (r recovered, err error) {
	issued, requests := t.server.Issued(), t.server.Requests()
	if _, err := t.failures(ctx); err != nil {
		return r, err
	}
	if err := do(); err != nil {
		return r, err
	}
	if err := t.served(ctx, issued); err != nil {
		return r, err
	}
	if r.failed, err = t.failures(ctx); err != nil {
		return r, err
	}
	r.requests = t.server.RequestsSince(requests)
	arrivals := t.Arrivals()
	r.first, r.last = arrivals[0], arrivals[len(arrivals)-1]
	return r, nil
}

// served waits until all processes were served with tokens issued after the n-th.
func (t *team) served(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, recoveryTime, t.state())
	defer cancel()
	return fleet.Until(ctx, "each process is served with a new token", func() bool { return t.Served(t.server, n) })
}

// agreed waits until that is one and the same.
func (t *team) agreed(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, recoveryTime, t.state())
	defer cancel()
	return fleet.Until(ctx, "all processes have the same token", func() bool { return t.Agreed(t.server, n) })
}

// stateError says what a team had when it was not waited for any longer.
type stateError struct{ t *team }

func (t *team) state() error { return &stateError{t} }

func (e *stateError) Error() string {
	return fmt.Sprintf("after %v: they were served last with %v; %s", recoveryTime, e.t.server.Latest(), e.t.Summary())
}

// failures is how many API requests have failed since the last call. All that the processes have to report until now
// has arrived when it returns: their counts come last.
func (t *team) failures(ctx context.Context) (int, error) {
	if _, err := t.Count(ctx); err != nil {
		return 0, err
	}
	n := len(t.Failures())
	n, t.failed = n-t.failed, n
	return n, nil
}

// fetching waits until it is known which process makes the token request that has arrived.
func (t *team) fetching(ctx context.Context) (*fleet.Process, error) {
	err := fleet.Until(ctx, "it is known which process fetches", func() bool { return len(t.Fetching()) > 0 })
	if err != nil {
		return nil, err
	}
	return t.Fetching()[0], nil
}

// storeErrors is how often the store did not work for the processes until now.
func (t *team) storeErrors(ctx context.Context) (uint64, error) {
	counts, err := t.Count(ctx)
	return counts.Errors, err
}

func processes(n int) string { return strconv.Itoa(n) + " processes" }
