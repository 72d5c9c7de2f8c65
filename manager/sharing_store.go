package manager

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/internal/seal"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/store"
)

// What follows runs on goroutines of its own: reading keys, sealing and opening, and the store itself, all of which may
// take any time.

// storeReplied: a command came to an end.
type storeReplied struct {
	op    uint64
	reply store.Reply
	err   error
	keys  *keyring
	found *found
	// trusted says that the note in the reply was written by a process with the key.
	trusted bool
}

// storePushed: the store reported a change.
type storePushed struct {
	push    store.Push
	keys    *keyring
	found   *found
	trusted bool
}

// found is a token that was opened.
type found struct {
	token         *oauth2.Token
	life, refresh time.Duration // from the start of its request
}

var (
	errStoreBusy     = errors.New("the store has not returned from earlier commands")
	errStorePanicked = errors.New("the store panicked")
	errStoreLate     = errors.New("the store did not reply in time")
	errStoreReply    = errors.New("the store's reply came too late or makes no sense")
)

// storeError is why the store counts as failed after an input. err is that of its command, if it returned one.
func storeError(after sharing.InputKind, err error) error {
	switch {
	case err != nil:
		return err
	case after == sharing.Replied:
		return errStoreReply
	}
	return errStoreLate
}

// commandLimit bounds a command that is not given up before, as when the sharing core has no time to.
const commandLimit = 2 * time.Second

// command sends the store a command.
func (e *entry) command(op uint64, c store.Command) {
	s := e.shared
	if s.running.Load() >= maxRunning {
		s.pending = append(s.pending, storeReplied{op: op, err: errStoreBusy})
		return
	}
	s.running.Add(1)
	ctx := s.ctx
	if c.Kind == store.Release || c.Kind == store.Publish {
		ctx = context.WithoutCancel(ctx) // others wait for it, even if the entry has ended
	}
	ctx, giveUp := context.WithTimeout(ctx, commandLimit)
	s.giveUp = giveUp
	held, p := e.held, s.published
	var handedIn chan struct{}
	if c.Kind == store.Publish {
		handedIn = make(chan struct{})
		s.handingIn = handedIn
	}
	go func() {
		ended := storeReplied{op: op, err: errStorePanicked}
		defer func() {
			_ = recover() // what a store panics with may hold anything
			if handedIn != nil {
				close(handedIn)
			}
			giveUp()
			s.running.Add(-1)
			e.send(ended)
		}()
		keys, err := s.readKeys(ctx)
		if err != nil {
			ended.err = err
			return
		}
		ended.keys = keys
		switch c.Kind {
		case store.Publish:
			c.Digest = keys.current.Token(held.Value())
			c.Sealed = sealed(keys.current, c, held, p.Expiry.Sub(p.Start), p.RefreshTime.Sub(p.Start))
		case store.Hold:
			h := store.HoldState{Fence: c.Grant.Gen, Until: c.Until, Class: c.Class, Behind: c.Behind, Failures: c.Failures}
			c.Note = keys.current.Hold(c.Grant.Epoch, h)
		}
		result := storeReplied{op: op, keys: keys}
		result.reply, result.err = s.cfg.Store.Do(ctx, keys.current.ID(), c)
		if result.err != nil && ctx.Err() != nil {
			result.err = fmt.Errorf("%w: %w", errStoreLate, result.err)
		}
		if r := &result.reply; result.err == nil {
			if r.Kind == store.Fetch && c.Kind == store.Acquire && c.Seen == (store.Version{}) && keys.previous != nil {
				s.moveOver(ctx, keys, r)
			}
			result.found = opened(keys.current, r.Version, r.Record)
			switch {
			case r.Kind == store.Held:
				result.trusted = keys.current.TrustsHold(r.Version.Epoch, r.Hold)
			case r.Guarded:
				result.trusted = keys.current.TrustsRejection(c.Origin, r.Note)
			}
		}
		ended = result
	}()
}

// sealed is what other processes need of a token.
func sealed(keys *seal.Keys, c store.Command, t *Token, life, refresh time.Duration) []byte {
	o := t.OAuth2()
	members, ok := membersOf(o)
	if !ok {
		members = ""
	}
	return keys.Seal(c.Grant, c.Expires, seal.Token{
		Value: o.AccessToken, Type: o.TokenType, Members: members, Life: max(life, 0), Refresh: max(refresh, 0),
	})
}

// opened is the token of a record; nil if there is none that can be used.
func opened(keys *seal.Keys, v store.Version, r store.Record) *found {
	if len(r.Sealed) == 0 || v.Gen != r.Gen {
		return nil
	}
	t, err := keys.Open(v, r.Expires, r.Sealed)
	if err != nil || keys.Token(t.Value) != r.Digest {
		return nil
	}
	token := &oauth2.Token{AccessToken: t.Value, TokenType: t.Type}
	if !wire.ValidToken(t.Value) || !wire.ValidToken(token.Type()) {
		return nil
	}
	if t.Members != "" {
		var members map[string]any
		if json.Unmarshal([]byte(t.Members), &members) != nil {
			return nil
		}
		token = token.WithExtra(members)
	}
	return &found{token: token, life: t.Life, refresh: t.Refresh}
}

// moveOver looks for the token that was shared under the previous key, and hands it in under the current one: a key
// that is replaced costs no token request (D1). The reply is changed to what it would have been otherwise.
func (s *sharer) moveOver(ctx context.Context, keys *keyring, r *store.Reply) {
	var any [16]byte
	_, _ = rand.Read(any[:])
	old, err := s.cfg.Store.Do(ctx, keys.previous.ID(), store.Command{
		Kind: store.Offer, Owner: s.owner, Lease: store.MinLease, Digest: store.Digest(hex.EncodeToString(any[:])), Expires: r.Now + 1_000,
	})
	if err != nil || old.Kind != store.Have {
		return
	}
	f := opened(keys.previous, old.Version, old.Record)
	if f == nil {
		return
	}
	c := store.Command{
		Kind: store.Publish, Owner: s.owner, Grant: r.Grant, Digest: keys.current.Token(f.token.AccessToken), Expires: old.Record.Expires,
	}
	c.Sealed = sealed(keys.current, c, NewToken(0, f.token), f.life, f.refresh)
	if done, err := s.cfg.Store.Do(ctx, keys.current.ID(), c); err == nil && done.Kind == store.Done {
		*r = store.Reply{Kind: store.Have, Now: done.Now, Version: r.Grant, Record: store.Record{
			Gen: r.Grant.Gen, Digest: c.Digest, Expires: c.Expires, Published: done.Now, Sealed: c.Sealed,
		}}
	}
}

// report is what an API made of a token.
type report struct {
	Outcome
	digest  store.Digest // of the token
	guarded bool         // the origin has a guard here
}

// reportToStore reports an outcome to the store once that has the token: it could make nothing of it before, and an
// origin whose acceptance is lost counts as one that rejects every token (M13).
func (e *entry) reportToStore(m Outcome, digest store.Digest) {
	s := e.shared
	if len(s.outcomes) >= maxRunning {
		return
	}
	r := report{Outcome: m, digest: digest}
	if !m.Accepted {
		origin, _ := splitOrigin(m.Origin)
		r.guarded, _ = e.core.Guarded(originID(e.shard.seed, origin))
	}
	s.outcomes = append(s.outcomes, r)
}

// sendReports sends the reports, unless they have to wait.
func (e *entry) sendReports() {
	s := e.shared
	if len(s.outcomes) == 0 || s.core.HandingIn() {
		return
	}
	for _, r := range s.outcomes {
		if s.core.Open() && s.running.Load() < maxRunning {
			e.sendReport(r, s.known.current)
		}
	}
	s.outcomes = nil
}

func (e *entry) sendReport(r report, keys *seal.Keys) {
	s := e.shared
	origin, _ := splitOrigin(r.Origin)
	c := store.Command{Kind: store.Outcome, Origin: keys.Origin(origin), Digest: r.digest, Accepted: r.Accepted}
	if !r.Sent.IsZero() {
		c.Age = max(e.shard.last.Sub(r.Sent), 0).Milliseconds()
	}
	if !r.Accepted {
		c.Guarded = r.guarded
		c.Note = keys.Rejection(c.Origin)
	}
	s.running.Add(1)
	go func() {
		defer s.running.Add(-1)
		defer func() { _ = recover() }()
		ctx, cancel := context.WithTimeout(s.ctx, sharing.OpTimeout)
		defer cancel()
		_, _ = s.cfg.Store.Do(ctx, keys.ID(), c)
	}()
}

// watchStore waits for changes that the store reports, again and again.
func (e *entry) watchStore(ctx context.Context, keys *keyring) {
	pause := firstRewatch
	for ctx.Err() == nil {
		e.watchOnce(ctx, keys, func() { pause = firstRewatch })
		select {
		case <-ctx.Done():
		case <-e.shard.clock.After(pause):
		}
		pause = min(2*pause, lastRewatch)
	}
}

// The pauses before a connection that was lost is made again.
const (
	firstRewatch = 100 * time.Millisecond
	lastRewatch  = 5 * time.Second
)

func (e *entry) watchOnce(ctx context.Context, keys *keyring, works func()) {
	defer func() { _ = recover() }()
	_ = e.shared.cfg.Store.Watch(ctx, keys.current.ID(), func(p store.Push) {
		works()
		if ctx.Err() != nil {
			return
		}
		e.send(storePushed{
			push: p, keys: keys, found: opened(keys.current, p.Version, p.Record),
			trusted: p.Hold.Until > 0 && keys.current.TrustsHold(p.Version.Epoch, p.Hold),
		})
	})
}
