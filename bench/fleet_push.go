package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// push is how long a new token takes from the process that has fetched it to the others, beside a bare message of the
// same size among the same processes. They send no requests meanwhile.
func (f *figures) push(ctx context.Context, t *teams, s *sheet) error {
	if err := t.shared.Rest(); err != nil {
		return err
	}
	if _, err := t.shared.failures(ctx); err != nil { // when all of them rest
		return err
	}
	size, err := f.pushSize(ctx, t)
	if err != nil {
		return err
	}
	const channel = "bench"
	if _, _, err := t.shared.Pass(ctx, channel, 0, size); err != nil {
		return err
	}
	var ours, bare [2]sample // to the first, and to the last
	add := func(to *[2]sample, first, last time.Duration) {
		to[0], to[1] = append(to[0], float64(first)), append(to[1], float64(last))
	}
	rounds := f.b.rounds(40)
	for round := range rounds {
		from := round % t.shared.size
		for _, mine := range [][2]bool{{true, false}, {false, true}}[round%2] {
			var first, last time.Duration
			if mine {
				if first, last, err = t.shared.Push(ctx, from); err == nil {
					add(&ours, first, last)
				}
			} else if first, last, err = t.shared.Pass(ctx, channel, from, size); err == nil {
				add(&bare, first, last)
			}
			if err != nil {
				return err
			}
		}
	}
	over := ours[1].over(bare[1])
	s.row(timesTable, pushRow, fmt.Sprintf("%s bytes from one process to %d others", count(size), t.shared.size-1),
		inTime(ours[0].median()), inTime(ours[1].median()), inTime(bare[0].median()), inTime(bare[1].median()), ratio(over.median()))
	if over.median() > 1.3 {
		s.note("On top of a bare message, each process opens the seal, adopts the token and reports it to its hook, all of them at once: with many processes for each core, this ratio is one of processor time. With 40 processes on two cores it was 1.29.")
	}
	s.aimRatios(over, 1.3, "a new token is with the last process within 1.3 times a bare PUBLISH",
		fmt.Sprintf("; %s, and %s", inTime(ours[1].median()), inTime(bare[1].median())))
	return nil
}

// pushSize is how long the message is that carries a token.
func (f *figures) pushSize(ctx context.Context, t *teams) (size int, err error) {
	messages := t.redis.client.PSubscribe(ctx, "alf:*")
	defer messages.Close()
	if _, err := messages.Receive(ctx); err != nil {
		return 0, err
	}
	if _, _, err := t.shared.Push(ctx, 0); err != nil {
		return 0, err
	}
	for {
		message, err := messages.ReceiveTimeout(ctx, 200*time.Millisecond)
		if err != nil {
			return size, nil // no more of them
		}
		if m, ok := message.(*redis.Message); ok && strings.HasPrefix(m.Channel, "alf:") {
			size = max(size, len(m.Payload))
		}
	}
}
