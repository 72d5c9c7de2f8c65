package processes

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/subprocess"
)

// fleet is some processes, and the two servers that they alone use.
type fleet struct {
	name    string
	size    int
	task    task // of each process, except for its name
	command []string
	stderr  io.Writer
	starter *subprocess.Starter

	auth *server.Auth
	api  *server.API

	mu        sync.Mutex
	running   []*process
	gone      counts // of the processes that were killed
	events    []event
	failure   error         // what must not happen
	changed   chan struct{} // closed at the next change; nil: no goroutine waits for it
	storeFail string        // why the store did not work, the first time
}

// event is a notice that is kept: all of them, except for counts.
type event struct {
	from *process
	kind noticeKind
	at   time.Time
	// token is the fingerprint of the process's token.
	token string
}

// normal is how long tokens live if there is no reason for less.
const normal = time.Hour

// newFleet starts the servers of a fleet, and no process yet. Store is the directory in which they share their token;
// "": each has its own.
func newFleet(o Options, name string, size int, store string) (*fleet, error) {
	f := &fleet{name: name, size: size, command: o.Command, stderr: o.Progress}
	f.task = task{AuthStyle: o.AuthStyle, Store: store, Callers: o.Callers, Every: o.Every}
	known, err := f.task.register(o.DPoP)
	if err != nil {
		return nil, err
	}
	if f.auth, err = server.NewAuth(known, normal, nil); err != nil {
		return nil, err
	}
	if f.api, err = server.NewAPI(f.auth); err != nil {
		f.auth.Close()
		return nil, err
	}
	f.starter = subprocess.NewStarter()
	f.task.API = f.api.URL()
	if o.Discover {
		f.task.Issuer = f.auth.Issuer()
	} else {
		f.task.TokenURL = f.auth.TokenURL()
	}
	return f, nil
}

// startAll starts as many processes as there are to be, and waits until all are ready.
func (f *fleet) startAll(ctx context.Context) error {
	for i := range f.size {
		if _, err := f.start(strconv.Itoa(i + 1)); err != nil {
			return err
		}
	}
	return f.await(ctx, "to start", func() bool {
		return !slices.ContainsFunc(f.running, func(p *process) bool { return !p.ready })
	})
}

// beginAll lets them all begin.
func (f *fleet) beginAll() error {
	for _, p := range f.present() {
		if err := p.begin(); err != nil {
			return err
		}
	}
	return nil
}

// close ends the processes, and then the servers.
func (f *fleet) close() {
	var ending sync.WaitGroup
	for _, p := range f.present() {
		ending.Go(p.end)
	}
	ending.Wait()
	f.starter.Close()
	f.api.Close()
	f.auth.Close()
}

// tokenRequests is how many there have been. With DPoP, those that only bring a nonce are not among them.
func (f *fleet) tokenRequests() uint64 { return f.auth.Requests() - f.auth.Proofs().Challenged }

// total is what all processes have counted, those that were killed included.
func (f *fleet) total() counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := f.gone
	for _, p := range f.running {
		sum.add(p.counts)
	}
	return sum
}

// present are the processes that run now.
func (f *fleet) present() []*process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.running)
}

func (f *fleet) enter(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = append(f.running, p)
}

// expectEnd says that a process is to end.
func (f *fleet) expectEnd(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.leaving = true
}

// leave is the end of a process.
func (f *fleet) leave(p *process, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = slices.DeleteFunc(f.running, func(other *process) bool { return other == p })
	f.gone.add(p.counts)
	if !p.leaving && f.failure == nil {
		f.failure = fmt.Errorf("process %s has ended by itself: %v", p.name, err)
	}
	f.wake()
}

// fail notes what must not happen, unless the process was killed: that may have been in the middle of a line.
func (f *fleet) fail(p *process, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil && !p.leaving {
		f.failure = err
	}
	f.wake()
}

func (f *fleet) isPaused(p *process) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return p.paused
}

func (f *fleet) setPaused(p *process, paused bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.paused = paused
}

// note takes in what a process reports.
func (f *fleet) note(p *process, n *notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.wake()
	switch n.Kind {
	case isReady:
		p.ready = true
		return
	case hasCounted:
		if n.Counts != nil {
			p.counts, p.counted = *n.Counts, n.time()
		}
		return
	case isBroken:
		if f.failure == nil {
			f.failure = fmt.Errorf("process %s: %s", p.name, n.Err)
		}
		return
	case hasToken:
		p.token = n.Token
	case isAlone:
		if f.storeFail == "" {
			f.storeFail = n.Err
		}
	}
	f.events = append(f.events, event{p, n.Kind, n.time(), n.Token})
}

// storeFailure is why the store did not work, the first time; "" if it always did.
func (f *fleet) storeFailure() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.storeFail
}

// wake lets await look again. f.mu is held.
func (f *fleet) wake() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// await waits until done returns true, which is called whenever a process has reported something, with f.mu held. The
// error says what the processes had no time for.
func (f *fleet) await(ctx context.Context, what string, done func() bool) error {
	for {
		f.mu.Lock()
		ok, failure := done(), f.failure
		if f.changed == nil {
			f.changed = make(chan struct{})
		}
		changed := f.changed
		f.mu.Unlock()
		switch {
		case ok:
			return nil
		case failure != nil:
			return fmt.Errorf("%s: %w", f.name, failure)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: no time %s", f.name, what)
		}
	}
}
