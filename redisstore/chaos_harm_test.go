package redisstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/alf-go/alf/internal/fleet"
)

// storeHarm is what happens to the store.
func (c *chaos) storeHarm() []harm {
	redis := func(args ...any) error { return c.admin.Do(context.Background(), args...).Err() }
	all := []harm{
		{"CLIENT PAUSE", func(rng *rand.Rand) error {
			d := between(rng, 200*time.Millisecond, 1500*time.Millisecond)
			if err := redis("CLIENT", "PAUSE", d.Milliseconds(), []string{"ALL", "WRITE"}[rng.IntN(2)]); err != nil {
				return err
			}
			pause(context.Background(), d)
			return nil
		}},
		{"FLUSHALL", func(*rand.Rand) error { return redis("FLUSHALL") }},
		{"SCRIPT FLUSH", func(*rand.Rand) error { return redis("SCRIPT", "FLUSH") }},
		{"CLIENT KILL", func(rng *rand.Rand) error {
			return redis("CLIENT", "KILL", "TYPE", []string{"pubsub", "normal"}[rng.IntN(2)])
		}},
		{"killed and restarted", func(rng *rand.Rand) error {
			c.server.kill()
			c.lasts(rng)
			return c.restart()
		}},
		{"a replica, and promoted", func(rng *rand.Rand) error {
			if err := redis("REPLICAOF", "127.0.0.1", c.other.port()); err != nil {
				return err
			}
			c.lasts(rng)
			return redis("REPLICAOF", "NO", "ONE")
		}},
		{"full memory", func(rng *rand.Rand) error {
			if err := redis("CONFIG", "SET", "maxmemory-policy", "noeviction"); err != nil {
				return err
			}
			if err := redis("CONFIG", "SET", "maxmemory", "1"); err != nil {
				return err
			}
			c.lasts(rng)
			return redis("CONFIG", "SET", "maxmemory", "0")
		}},
		{"the network is slow", func(rng *rand.Rand) error {
			c.proxy.setDelay(between(rng, 20*time.Millisecond, 300*time.Millisecond))
			c.lasts(rng)
			c.proxy.setDelay(0)
			return nil
		}},
		{"the network is cut", func(rng *rand.Rand) error {
			c.proxy.setCut(true)
			c.lasts(rng)
			c.proxy.setCut(false)
			return nil
		}},
		{"the network is silent", func(rng *rand.Rand) error {
			c.proxy.silence()
			c.lasts(rng)
			c.proxy.speak(rng.IntN(2) == 0)
			return nil
		}},
	}
	// Each may cost one token request of each process, and once more for each revocation while it lasts: every process
	// fetches alone then (D4).
	for i, h := range all {
		all[i].do = func(rng *rand.Rand) error {
			c.mu.Lock()
			before := c.revocations
			c.mu.Unlock()
			err := h.do(rng)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.most += chaosProcesses * (1 + c.revocations - before)
			return err
		}
	}
	return all
}

// lasts is for how long harm lasts.
func (c *chaos) lasts(rng *rand.Rand) {
	pause(context.Background(), between(rng, 100*time.Millisecond, 2*time.Second))
}

// restart starts the server again. Its port may be in use for a moment.
func (c *chaos) restart() (err error) {
	for range 5 {
		if err = c.server.start(); err == nil {
			return nil
		}
	}
	return err
}

// processHarm is what happens to processes, and to their tokens.
func (c *chaos) processHarm() []harm {
	one := func(rng *rand.Rand) *fleet.Process {
		all := c.fleet.Processes()
		return all[rng.IntN(len(all))]
	}
	revoke := func(*rand.Rand) error {
		c.canRevoke()
		c.revoke()
		return nil
	}
	return []harm{
		{"a revocation", revoke},
		{"another revocation", revoke},
		{"SIGKILL", func(rng *rand.Rand) error { return c.kill(one(rng)) }},
		{"SIGSTOP", func(rng *rand.Rand) error { return c.stop(one(rng), rng) }},
		{"SIGKILL in mid-fetch", func(*rand.Rand) error {
			return c.midFetch(func(p *fleet.Process, _ *fleet.Gate) error { return c.kill(p) })
		}},
		{"SIGSTOP in mid-fetch", func(rng *rand.Rand) error {
			return c.midFetch(func(p *fleet.Process, gate *fleet.Gate) error {
				if err := p.Suspend(); err != nil {
					return err
				}
				gate.Open() // the response is there when it goes on
				return c.stop(p, rng)
			})
		}},
	}
}

// canRevoke waits until a token that was fetched for the last revocation has been used. What is revoked on its way to
// the API twice in a row fails a request, whatever a client does.
func (c *chaos) canRevoke() {
	pause(context.Background(), time.Until(c.revoked.Add(1500*time.Millisecond)))
}

// kill kills a process. Another one takes its place.
func (c *chaos) kill(p *fleet.Process) error {
	c.explain(1)
	c.fleet.Kill(p)
	added, err := c.fleet.Add()
	if err != nil {
		return err
	}
	return added.Send()
}

// stop stops a process for less than the time of an attempt: its own requests would fail else when it goes on.
func (c *chaos) stop(p *fleet.Process, rng *rand.Rand) error {
	c.explain(1)
	if err := p.Suspend(); err != nil {
		return err
	}
	pause(context.Background(), between(rng, 200*time.Millisecond, 3*time.Second))
	return p.Continue()
}

// midFetch does something to the process that makes the next token request, after a revocation.
func (c *chaos) midFetch(do func(*fleet.Process, *fleet.Gate) error) error {
	c.canRevoke()
	gate := c.api.StopNext()
	defer gate.Open()
	c.revoke()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	select {
	case <-gate.Arrived:
	case <-ctx.Done():
		return errors.New("no process fetches, though the token was revoked")
	}
	if err := fleet.Until(ctx, "it is known which process fetches", func() bool { return len(c.fleet.Fetching()) > 0 }); err != nil {
		return err
	}
	return do(c.fleet.Fetching()[0], gate)
}

// explain notes that harm to a process may cost so many token requests.
func (c *chaos) explain(requests int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most += requests
}
