//go:build unix

package program

import (
	"os"
	"os/signal"
	"syscall"
)

// outliveReaders keeps the process when what reads its standard output or error has gone, as a log shipper that is
// restarted: by default, the first line after that kills it. What it returns undoes that.
func outliveReaders() (undo func()) {
	// os/signal: once it is asked for, writing fails instead.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGPIPE)
	return func() { signal.Stop(signals) }
}
