package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/subprocess"
)

// Fleet is a number of processes with the same task. Its methods are safe for concurrent use.
type Fleet struct {
	task Task

	starting sync.Mutex // guards starter and started
	starter  *subprocess.Starter
	started  int

	mu        sync.Mutex
	processes []*Process // those that were not killed, in the order of their start
	failures  []Failure
	broken    []error
	reasons   map[string]int // why the store did not work, and how often
}

// Failure is an API request that did not succeed.
type Failure struct {
	At               time.Time
	Process, Request string
	Err              string
}

// String is one line.
func (f Failure) String() string {
	return fmt.Sprintf("%s: request %s: %s", f.At.Format("15:04:05.000"), f.Request, f.Err)
}

// startTime is how long processes may take to start, on a machine that is busy.
const startTime = time.Minute

// Start starts n processes: this program again, whose main function has to look at [IsProcess]. It returns when all of
// them wait for orders. Their names begin with a prefix, by which a server knows them apart.
func Start(ctx context.Context, prefix string, n int, t Task) (*Fleet, error) {
	f := &Fleet{task: t, starter: subprocess.NewStarter(), reasons: map[string]int{}}
	f.task.Name = prefix
	for range n {
		if _, err := f.Add(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := f.await(ctx, "the start of all processes", startTime, func(s *state) bool { return s.ready }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Add starts one more process, and does not wait until it is ready.
func (f *Fleet) Add() (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program cannot start itself: %w", err)
	}
	f.starting.Lock()
	defer f.starting.Unlock()
	f.started++
	t := f.task
	t.Name += strconv.Itoa(f.started)
	p, out, err := prepared(self, t.Name, f.note)
	if err != nil {
		return nil, err
	}
	if err := f.starter.Start(p.cmd); err != nil {
		return nil, fmt.Errorf("a process cannot be started: %w", err)
	}
	f.mu.Lock()
	f.processes = append(f.processes, p)
	f.mu.Unlock()
	go p.read(out)
	return p, p.write(t)
}

// Processes are those that were not killed.
func (f *Fleet) Processes() []*Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.processes)
}

// Kill kills a process. It is none of the fleet from then on.
func (f *Fleet) Kill(p *Process) {
	f.mu.Lock()
	p.killed = true
	f.processes = slices.DeleteFunc(f.processes, func(other *Process) bool { return other == p })
	f.mu.Unlock()
	p.kill()
}

// Close ends all processes. The error joins what was wrong with them: what they wrote to standard error, and those
// that could not do their task or did not end by themselves.
func (f *Fleet) Close() error {
	var ending sync.WaitGroup
	processes := f.Processes()
	errs := make([]error, len(processes))
	for i, p := range processes {
		ending.Go(func() { errs[i] = p.end() })
	}
	ending.Wait()
	f.starting.Lock()
	defer f.starting.Unlock()
	if f.starter != nil {
		f.starter.Close()
		f.starter = nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processes = nil
	return errors.Join(append(f.broken, errs...)...)
}
