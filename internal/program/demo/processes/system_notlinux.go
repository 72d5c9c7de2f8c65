//go:build unix && !linux

package processes

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}
