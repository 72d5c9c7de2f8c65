//go:build !unix

package proxy

// closeOnExec does nothing where there is no systemd.
func closeOnExec(int) {}
