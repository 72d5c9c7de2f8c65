package proxy

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// exposeProcess writes what the process uses, under the names of Prometheus' own clients. What is read from /proc is
// absent on systems that have none.
func exposeProcess(e *exposition) {
	e.gauge("go_goroutines", "Goroutines that exist.", float64(runtime.NumGoroutine()))
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		e.gauge("process_open_fds", "File descriptors that are open.", float64(len(open)-1)) // one is the directory's
	}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(statm); len(fields) > 1 {
			if pages, err := strconv.ParseUint(string(fields[1]), 10, 64); err == nil {
				e.gauge("process_resident_memory_bytes", "Resident memory.", float64(pages)*float64(os.Getpagesize()))
			}
		}
	}
}
