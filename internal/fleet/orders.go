package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// all sends an order to all processes.
func (f *Fleet) all(o order) error {
	var errs []error
	for _, p := range f.Processes() {
		errs = append(errs, p.write(o))
	}
	return errors.Join(errs...)
}

// Send has all processes send API requests.
func (f *Fleet) Send() error { return f.all(order{Do: doSend}) }

// Rest has all of them stop that, close idle connections and return memory that is free.
func (f *Fleet) Rest() error { return f.all(order{Do: doRest}) }

// Send has the process send API requests.
func (p *Process) Send() error { return p.write(order{Do: doSend}) }

// Refresh has the process fetch a token, though the one at hand is sound.
func (p *Process) Refresh() error { return p.write(order{Do: doRefresh}) }

// Count is the sum of what all processes have counted until now.
func (f *Fleet) Count(ctx context.Context) (sum Counts, err error) {
	f.mu.Lock()
	for _, p := range f.processes {
		p.counts = nil
	}
	f.mu.Unlock()
	if err := f.all(order{Do: doCount}); err != nil {
		return sum, err
	}
	if err := f.await(ctx, "the counts of all processes", startTime, func(s *state) bool { return s.counts != nil }); err != nil {
		return sum, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.processes {
		sum.add(*p.counts)
	}
	return sum, nil
}

// pushTime is how long a message may take to all processes.
const pushTime = 20 * time.Second

// Pass has the i-th process publish a message of so many bytes without the store, and returns how long it took to the
// first and to the last of the others.
func (f *Fleet) Pass(ctx context.Context, channel string, i, size int) (first, last time.Duration, err error) {
	if err := f.listen(ctx, channel); err != nil {
		return 0, 0, err
	}
	f.mu.Lock()
	from := f.processes[i]
	for _, p := range f.processes {
		p.heard = false
	}
	f.mu.Unlock()
	if err := from.write(order{Do: doPublish, Channel: channel, Size: size}); err != nil {
		return 0, 0, err
	}
	if err := f.await(ctx, "the message in all processes", pushTime, func(s *state) bool { return s.heard }); err != nil {
		return 0, 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var at []time.Time
	for _, p := range f.processes {
		if p != from {
			at = append(at, p.at)
		}
	}
	first, last = between(from.began, at)
	return first, last, nil
}

// listen has all processes subscribe to a channel, unless they have.
func (f *Fleet) listen(ctx context.Context, channel string) error {
	f.mu.Lock()
	listening := f.processes[0].listening
	f.mu.Unlock()
	if listening {
		return nil
	}
	if err := f.all(order{Do: doListen, Channel: channel}); err != nil {
		return err
	}
	return f.await(ctx, "the subscription of all processes", startTime, func(s *state) bool { return s.listening })
}

// Push has the i-th process fetch a token, and returns how long it took from there to the first and to the last of the
// others, which have it from the store.
func (f *Fleet) Push(ctx context.Context, i int) (first, last time.Duration, err error) {
	f.mu.Lock()
	from := f.processes[i]
	began := time.Now()
	f.mu.Unlock()
	if err := from.Refresh(); err != nil {
		return 0, 0, err
	}
	if err := f.await(ctx, "the token in all processes", pushTime, func(s *state) bool { return s.token.After(began) }); err != nil {
		return 0, 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var at []time.Time
	for _, p := range f.processes {
		switch {
		case p == from:
		case !p.shared:
			return 0, 0, fmt.Errorf("%s has fetched a token of its own", p.name)
		default:
			at = append(at, p.token)
		}
	}
	first, last = between(from.token, at)
	return first, last, nil
}

func between(began time.Time, at []time.Time) (first, last time.Duration) {
	return slices.MinFunc(at, time.Time.Compare).Sub(began), slices.MaxFunc(at, time.Time.Compare).Sub(began)
}
