package processes

import "syscall"

// endWithParent has the system kill a process when this one has ended, also if it is about to be stopped just then.
// Linux means the thread that has started it; those of Go last as long as the process.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
