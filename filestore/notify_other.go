//go:build !linux

package filestore

// notifier would pass on what the system reports about a directory. Here, nothing does so without further
// dependencies.
type notifier struct {
	changes chan bool
}

func newNotifier(string) *notifier { return nil }

func (n *notifier) close() {}
