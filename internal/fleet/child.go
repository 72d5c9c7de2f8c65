package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// argument is the first argument of a process.
const argument = "process-of-a-fleet"

// IsProcess reports whether this program was started as a process of a fleet.
func IsProcess() bool { return len(os.Args) > 1 && os.Args[1] == argument }

// Program is what processes need that this package does not have. Nothing of it may print to standard output.
type Program struct {
	// Open opens the store at an address.
	Open func(address string) (store.Store, error)
	// Bare connects to the same server without a store: what the store is compared with. Nil: it is not.
	Bare func(address string) (Bare, error)
}

// Bare passes messages on, and nothing else.
type Bare interface {
	// Publish publishes a message.
	Publish(ctx context.Context, channel, message string) error
	// Listen calls ready when it has subscribed, and heard with each message, until ctx ends.
	Listen(ctx context.Context, channel string, ready, heard func()) error
	// Close ends the connections.
	Close() error
}

// patience is how long the beginning and the end of a process may take.
const patience = 10 * time.Second

// Main is the main function of a process. It returns the exit code when standard input has ended.
func Main(program Program) (exit int) {
	out := &reporter{to: os.Stdout}
	defer out.flush()
	c := &child{program: program, out: out}
	if err := c.run(os.Stdin); err != nil {
		out.send(Event{Kind: Broken, Err: err.Error()})
		return 1
	}
	return 0
}

// child is a process, as it sees itself.
type child struct {
	program Program
	task    Task
	out     *reporter
	client  *alf.Client
	store   store.Store
	bare    Bare
	ctx     context.Context // ends with standard input
	callers callers
	running sync.WaitGroup
}

func (c *child) run(in io.Reader) error {
	orders := json.NewDecoder(in)
	if err := orders.Decode(&c.task); err != nil {
		return fmt.Errorf("the task cannot be read: %w", err)
	}
	if err := c.start(); err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	c.ctx = ctx
	c.out.send(Event{Kind: Ready})
	for {
		var o order
		err := orders.Decode(&o)
		if err == nil {
			err = c.obey(o)
		}
		if err == nil {
			continue
		}
		time.AfterFunc(patience, func() { os.Exit(1) })
		end()
		c.callers.rest()
		c.running.Wait()
		c.close()
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}

// start makes the client, as any program does.
func (c *child) start() (err error) {
	cfg := alf.Config{
		TokenURL: c.task.TokenURL, ClientID: clientID, ClientSecret: alf.Secret(clientSecret), Policy: c.task.Policy, Hook: c.event,
	}
	if c.task.Store != "" {
		if c.store, err = c.program.Open(c.task.Store); err != nil {
			return fmt.Errorf("the store cannot be opened: %w", err)
		}
		cfg.Store, cfg.StoreKey = c.store, alf.StoreKey(c.task.StoreKey)
		c.check()
	}
	c.client, err = alf.New(cfg)
	c.callers = callers{client: c.client, task: &c.task, out: c.out}
	return err
}

// check uses the store once, so that it is connected before the first request. A program goes on if that fails.
func (c *child) check() {
	if checked, ok := c.store.(interface{ Check(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = checked.Check(ctx)
	}
}

func (c *child) close() {
	_ = c.client.Close()
	if c.store != nil {
		_ = c.store.Close()
	}
	if c.bare != nil {
		_ = c.bare.Close()
	}
}

func (c *child) obey(o order) error {
	switch o.Do {
	case doSend:
		c.callers.send(c.ctx)
	case doRest:
		c.callers.rest()
		c.client.CloseIdleConnections()
		debug.FreeOSMemory()
	case doRefresh:
		c.running.Go(func() { _, _ = c.client.Refresh(c.ctx) })
	case doCount:
		c.out.send(Event{Kind: Counted, Counts: c.counts()})
	case doListen, doPublish:
		return c.withoutStore(o)
	}
	return nil
}

// withoutStore passes messages on without the store.
func (c *child) withoutStore(o order) (err error) {
	if c.bare == nil {
		if c.bare, err = c.program.Bare(c.task.Store); err != nil {
			return err
		}
	}
	if o.Do == doPublish {
		message := strings.Repeat("x", o.Size)
		c.out.send(Event{Kind: Published})
		return c.bare.Publish(c.ctx, o.Channel, message)
	}
	c.running.Go(func() {
		ready := func() { c.out.send(Event{Kind: Listening}) }
		if err := c.bare.Listen(c.ctx, o.Channel, ready, func() { c.out.send(Event{Kind: Heard}) }); c.ctx.Err() == nil {
			c.out.send(Event{Kind: Broken, Err: fmt.Sprint("cannot listen: ", err)})
		}
	})
	return nil
}

// event is a hook of the client.
func (c *child) event(e alf.Event) {
	at := e.Time.UnixNano()
	switch e.Kind {
	case manager.FetchStarted:
		c.out.send(Event{Kind: Fetching, At: at})
	case manager.FetchEnded:
		c.out.send(Event{Kind: Fetched, At: at})
	case manager.Published:
		c.out.send(Event{Kind: Token, At: at, Shared: e.Cause == manager.CauseShared})
	case manager.StoreFailed:
		c.out.send(Event{Kind: StoreFailed, At: at, Err: fmt.Sprint(e.Err)})
	}
}

func (c *child) counts() *Counts {
	s := c.client.Stats()
	counts := c.callers.counts()
	counts.Fetches = s.Fetches
	if s.Sharing != nil {
		counts.Alone, counts.Adopted, counts.Offered, counts.Errors = s.Sharing.Alone, s.Sharing.Adopted, s.Sharing.Offered, s.Sharing.Errors
	}
	return counts
}
