package filestore

import (
	"encoding/binary"
	"os"
	"sync"
	"syscall"
	"time"
)

// notifier passes on what the kernel reports about a directory (inotify(7)), so that a process that watches it costs
// nothing while nothing changes.
type notifier struct {
	// changes says that something has changed, and whether the directory is still there.
	changes chan bool

	events *os.File
	closed chan struct{}
	reader sync.WaitGroup
}

// newNotifier returns nil where the kernel cannot report changes: it may have no room for another one, and the
// directory may be missing.
func newNotifier(dir string) *notifier {
	if virtualTime() {
		return nil
	}
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		return nil
	}
	// A file is replaced by renaming another one, and that is all that changes what is in the directory.
	const what = syscall.IN_MOVED_TO | syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF | syscall.IN_ONLYDIR
	if _, err := syscall.InotifyAddWatch(fd, dir, what); err != nil {
		_ = syscall.Close(fd)
		return nil
	}
	n := &notifier{changes: make(chan bool), events: os.NewFile(uintptr(fd), "inotify"), closed: make(chan struct{})}
	n.reader.Go(n.read)
	return n
}

// virtualTime reports whether the time of this process is another one than the kernel's, as in a bubble of
// testing/synctest. There, time stands still while a goroutine waits for the kernel.
func virtualTime() bool {
	var kernel syscall.Timeval
	if syscall.Gettimeofday(&kernel) != nil {
		return true
	}
	return time.Since(time.Unix(kernel.Unix())).Abs() > time.Minute
}

// read passes events on until the notifier is closed or the directory is gone.
func (n *notifier) read() {
	buffer := make([]byte, 4096)
	for {
		size, err := n.events.Read(buffer)
		there := err == nil && size > 0
		for rest := buffer[:max(size, 0)]; len(rest) >= syscall.SizeofInotifyEvent; {
			mask := binary.NativeEndian.Uint32(rest[4:])
			if mask&(syscall.IN_DELETE_SELF|syscall.IN_MOVE_SELF|syscall.IN_IGNORED) != 0 {
				there = false
			}
			name := int(binary.NativeEndian.Uint32(rest[12:]))
			rest = rest[min(syscall.SizeofInotifyEvent+name, len(rest)):]
		}
		select {
		case n.changes <- there:
		case <-n.closed:
			return
		}
		if !there {
			return
		}
	}
}

// close ends the notifier. It may be nil.
func (n *notifier) close() {
	if n == nil {
		return
	}
	close(n.closed)
	_ = n.events.Close()
	n.reader.Wait()
}
