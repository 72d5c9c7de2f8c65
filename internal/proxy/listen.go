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
	"path/filepath"
	"strings"
	"time"
)

// defaultMode lets the user who runs the proxy connect, and no other (X2).
const defaultMode fs.FileMode = 0o600

// maxRequestHead is how much the head of a request may have, as with nginx. net/http adds 4 KiB.
const maxRequestHead = 32 << 10

// headTime is how long a caller may take to send the head of a request.
const headTime = 30 * time.Second

// open opens a listener and makes its server.
func (p *Proxy) open(a address, cfg Config) (*server, error) {
	l := &Listener{Address: a.text}
	name := strings.TrimSpace(string(a.purpose) + "listener " + a.text)
	if a.purpose == forRoutes {
		for i := range cfg.Listeners {
			if cfg.Listeners[i].Address == a.text {
				l = &cfg.Listeners[i]
			}
		}
	}
	opened, err := l.open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &server{address: a, listener: opened}
	switch a.purpose {
	case forRoutes:
		s.http = newServer(&handler{p, s})
		s.watch(s.http)
	case forHealth:
		s.http = newOperatorServer(p.health())
	case forAdmin:
		s.http = newOperatorServer(p.admin(opened.Addr()))
	}
	return s, nil
}

// open opens the listener.
func (l *Listener) open() (net.Listener, error) {
	if l.Open != nil {
		return l.Open()
	}
	if name, ok := strings.CutPrefix(l.Address, "systemd:"); ok {
		return l.inherited(name)
	}
	if path, ok := strings.CutPrefix(l.Address, "unix:"); ok {
		return listenUnix(path, l.mode())
	}
	opened, err := net.Listen("tcp", l.Address)
	return opened, explainListen(err)
}

func (l *Listener) mode() fs.FileMode {
	if l.Mode == 0 {
		return defaultMode
	}
	return l.Mode
}

// maxSocketPath is how long the path of a Unix socket may be: 108 bytes on Linux, 104 on BSD and macOS, with a zero
// at the end.
const maxSocketPath = 103

// listenUnix opens a socket that has its mode from the beginning on: it gets its name when that is set. A socket that
// is left of a process that has ended is replaced; one that is in use is not.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if err := checkFree(path); err != nil {
		return nil, err
	}
	temporary := fmt.Sprintf("%s.%d", path, os.Getpid())
	if len(temporary) > maxSocketPath {
		return nil, fmt.Errorf("the path is too long: a socket's may have %d bytes, and this one needs %d: choose a shorter one", maxSocketPath, len(temporary))
	}
	_ = os.Remove(temporary)
	opened, err := net.Listen("unix", temporary)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the directory %s does not exist: create it, or have systemd do that with RuntimeDirectory=", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("this user may not create files in %s: give it the directory, or choose another one", filepath.Dir(path))
	case err != nil:
		return nil, err
	}
	keepFile(opened)
	l := &unixListener{Listener: opened, path: path, mode: mode}
	err = os.Chmod(temporary, mode)
	if err == nil {
		l.file, err = os.Lstat(temporary)
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		_ = opened.Close()
		return nil, err
	}
	return l, nil
}

// checkFree reports what is at a path that cannot be replaced.
func checkFree(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something that is no socket: remove it, or choose another path")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = c.Close()
	case isConnectionRefused(err), errors.Is(err, fs.ErrNotExist):
		return nil // it is left of a process that has ended
	}
	// Any other error may come from a process that is alive: its queue is full, or this user may not connect.
	return errors.New("another process or listener uses the socket: end it, or choose another path")
}

// keepFile leaves the file of a Unix socket when it is closed. Plan 9 has neither.
func keepFile(l net.Listener) {
	if unix, ok := l.(interface{ SetUnlinkOnClose(unlink bool) }); ok {
		unix.SetUnlinkOnClose(false)
	}
}

// unixListener removes its socket when it is closed.
type unixListener struct {
	net.Listener
	path string
	mode fs.FileMode
	file fs.FileInfo
}

// Close stops listening. Another process may have put its own socket in the place of this one: that stays.
func (l *unixListener) Close() error {
	if l.isOwn() {
		_ = os.Remove(l.path)
	}
	return l.Listener.Close()
}

// hide takes the socket's name away, so that no connection is opened to it any more. It can be reached at Addr until
// it is closed.
func (l *unixListener) hide() error {
	if !l.isOwn() {
		return errors.New("the socket was removed or replaced by another process")
	}
	temporary := l.Addr().String()
	err := os.Rename(l.path, temporary)
	if err == nil {
		l.path = temporary
	}
	return err
}

func (l *unixListener) isOwn() bool {
	info, err := os.Lstat(l.path)
	return err == nil && os.SameFile(info, l.file)
}

// chmod changes the mode.
func (l *unixListener) chmod(mode fs.FileMode) error {
	if mode == l.mode {
		return nil
	}
	if !l.isOwn() {
		return errors.New("the socket was removed or replaced by another process: restart the proxy")
	}
	err := os.Chmod(l.path, mode)
	if err == nil {
		l.mode = mode
	}
	return err
}

// newServer makes the HTTP server of a listener.
func newServer(h http.Handler) *http.Server {
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

// newOperatorServer makes the server of /readyz, /metrics and the like: of small requests and responses, none of
// which may take long.
func newOperatorServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
}
