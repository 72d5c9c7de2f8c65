//go:build unix

package subprocess

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// CanSuspend says that a process can be stopped in the middle of what it does, and continued.
const CanSuspend = true

// stopTime is how long a process may take to stop, on a machine that is busy.
const stopTime = 10 * time.Second

// Suspend stops a process, as SIGSTOP does, until Continue. It returns when all its threads have stopped, as far as the
// system says: the signal takes effect a little later than it is sent.
func Suspend(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !hasStopped(p.Pid) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("process %d does not stop: %w", p.Pid, ctx.Err())
		}
	}
	return nil
}

// Continue lets it go on.
func Continue(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
