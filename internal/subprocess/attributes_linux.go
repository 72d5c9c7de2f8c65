package subprocess

import "syscall"

// attributes has the system end a process with the thread that started it, even if it is stopped: see [Starter].
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
