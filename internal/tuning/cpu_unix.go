//go:build unix

package tuning

import (
	"syscall"
	"time"
)

// usedCPU is the time in this program and in the system on its behalf.
func usedCPU() (time.Duration, bool) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0, false
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), true
}
