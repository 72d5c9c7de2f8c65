package processes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// countEvery is how often a process reports its counts.
const countEvery = 100 * time.Millisecond

// Main is the main function of a process of the demonstration: an ordinary user of the client. It reads its task from
// in, reports to out, a JSON object a line, and returns when in has ended. Logger receives the client's events; nil:
// none.
func Main(in io.Reader, out io.Writer, logger *slog.Logger) error {
	r := &reporter{to: json.NewEncoder(out)}
	err := run(in, r, logger)
	if err != nil {
		r.send(notice{Kind: isBroken, Err: err.Error()})
	}
	return err
}

func run(in io.Reader, r *reporter, logger *slog.Logger) error {
	lines := json.NewDecoder(in)
	var t task
	if err := lines.Decode(&t); err != nil {
		return fmt.Errorf("the task cannot be read: %w", err)
	}
	cfg, err := t.config()
	if err != nil {
		return err
	}
	cfg.Hook = r.event
	if logger != nil {
		cfg.Logger = logger.With("process", t.Name, "shares", t.Store != "")
	}
	if t.Store != "" {
		store, err := filestore.New(t.Store)
		if err != nil {
			return err
		}
		defer store.Close()
		cfg.Store, cfg.StoreKey = store, alf.StoreKey(t.StoreKey)
	}
	client, err := alf.New(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	r.send(notice{Kind: isReady})

	var begin json.RawMessage
	if err := lines.Decode(&begin); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	go func() {
		defer end()
		_, _ = io.Copy(io.Discard, in)
	}()
	var running sync.WaitGroup
	defer running.Wait()
	c := &callers{client: client, task: &t}
	running.Go(func() { c.run(ctx) })
	running.Go(func() { r.tokens(ctx, client) })
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.send(notice{Kind: hasCounted, Counts: c.counts()})
		case <-ctx.Done():
			return nil
		}
	}
}

// config is the client's configuration, except for the store.
func (t *task) config() (alf.Config, error) {
	cfg := alf.Config{
		TokenURL: t.TokenURL, Issuer: t.Issuer, ClientID: t.ClientID, AuthStyle: t.AuthStyle,
		// A refresh time that is as early as possible leaves more of a token's life to an outage.
		Policy: alf.Policy{RefreshFraction: 0.5},
	}
	if t.Secret != "" {
		cfg.ClientSecret = alf.Secret(t.Secret)
	}
	if t.Key != "" {
		key, err := keys.Parse([]byte(t.Key))
		if err != nil {
			return cfg, fmt.Errorf("the key: %w", err)
		}
		cfg.Assertion.Key = keys.Of(key)
	}
	if t.DPoPKey != "" {
		key, err := keys.Parse([]byte(t.DPoPKey))
		if err != nil {
			return cfg, fmt.Errorf("the key of DPoP: %w", err)
		}
		cfg.DPoP = &alf.DPoP{Key: keys.Of(key)}
	}
	return cfg, nil
}

// reporter sends notices. It is safe for concurrent use.
type reporter struct {
	mu sync.Mutex
	to *json.Encoder
}

// send sends one, as of now unless it says when. An error has no reader: when there is none for standard output, there
// is none for anything.
func (r *reporter) send(n notice) {
	if n.At == 0 {
		n.At = time.Now().UnixNano()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.to.Encode(n)
}

// event reports what the parent has to know of the client's events.
func (r *reporter) event(e alf.Event) {
	n := notice{At: e.Time.UnixNano()}
	switch e.Kind {
	case manager.FetchStarted:
		n.Kind = isFetching
	case manager.TokenOffered:
		n.Kind = hasOffered
	case manager.StoreFailed:
		n.Kind = isAlone
		if e.Err != nil {
			n.Err = e.Err.Error()
		}
	default:
		return
	}
	r.send(n)
}

// tokens reports each token that the process has, until ctx ends.
func (r *reporter) tokens(ctx context.Context, client *alf.Client) {
	for token, err := range client.Watch(ctx) {
		if err == nil {
			r.send(notice{Kind: hasToken, Token: fingerprint(token.Value())})
		}
	}
}

// fingerprint shows of a token whether it is the same as another one, and no more.
func fingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:4])
}
