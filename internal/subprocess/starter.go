package subprocess

import (
	"os/exec"
	"runtime"
)

// Starter starts processes that end with this one, however it ends, where the system offers that: on Linux. All are
// started from one thread, which lasts until Close, because they end with it. On Unix each has a group of its own: what
// a terminal sends to the group of this process, such as an interrupt, does not reach it, and if this process is killed
// while that one is stopped, the system continues and ends it.
type Starter struct {
	commands chan *exec.Cmd
	errs     chan error
}

// NewStarter returns one.
func NewStarter() *Starter {
	s := &Starter{commands: make(chan *exec.Cmd), errs: make(chan error)}
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		for cmd := range s.commands {
			s.errs <- cmd.Start()
		}
	}()
	return s
}

// Start starts a process. It is not safe for concurrent use.
func (s *Starter) Start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = attributes()
	s.commands <- cmd
	return <-s.errs
}

// Close ends the thread: call it once, when all the processes have ended.
func (s *Starter) Close() { close(s.commands) }
