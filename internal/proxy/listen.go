package proxy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// defaultMode lets the user who runs the proxy connect, and no other (X2).
const defaultMode fs.FileMode = 0o600

// maxRequestHead is how much the head of a request may have, as with nginx. net/http adds 4 KiB.
const maxRequestHead = 32 << 10

// headTime is how long a caller may take to send the head of a request.
const headTime = 30 * time.Second

// listen opens a listener.
func listen(l *Listener) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(l.Address, "unix:")
	if !isUnix {
		opened, err := net.Listen("tcp", l.Address)
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", l.Address, err)
		}
		return opened, nil
	}
	mode := l.Mode
	if mode == 0 {
		mode = defaultMode
	}
	opened, err := listenUnix(path, mode)
	if err != nil {
		return nil, fmt.Errorf("listener %s: %w", l.Address, err)
	}
	return opened, nil
}

// listenUnix opens a socket that has its mode from the beginning on: it gets its name when that is set. A socket that
// is left of a process that has ended is replaced; one that is in use is not.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	temporary := fmt.Sprintf("%s.%d", path, os.Getpid())
	_ = os.Remove(temporary)
	opened, err := net.Listen("unix", temporary)
	if err != nil {
		return nil, err
	}
	opened.(*net.UnixListener).SetUnlinkOnClose(false)
	if err = os.Chmod(temporary, mode); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		_ = opened.Close()
		return nil, err
	}
	return &unixListener{opened, path}, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something that is no socket: remove it, or choose another path")
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return errors.New("another process listens there: end it, or choose another path")
	}
	return nil
}

// unixListener removes its socket when it is closed.
type unixListener struct {
	net.Listener
	path string
}

// Close stops listening.
func (l *unixListener) Close() error {
	_ = os.Remove(l.path)
	return l.Listener.Close()
}

// newServer makes the HTTP server of a listener.
func newServer(h http.Handler, cfg Config) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxRequestHead,
		ErrorLog:          log.New(io.Discard, "", 0),
		Protocols:         new(http.Protocols),
		// OPTIONS * is for the handler as well, which refuses it: net/http would respond before any check.
		DisableGeneralOptionsHandler: true,
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	s.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1000}
	return s
}
