//go:build unix

package processes

import (
	"os"
	"os/exec"
	"syscall"
)

// canPause says that a process can be stopped in the middle of what it does, and continued.
const canPause = true

func pause(p *os.Process) error  { return p.Signal(syscall.SIGSTOP) }
func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }

// separate gives a process a group of its own. What a terminal sends to the group of this process, such as an
// interrupt, does not reach it then; and if this process is killed while that one is stopped, the system continues and
// ends it.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
}
