package proxy

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// firstInherited is the descriptor of the first socket that systemd has opened (sd_listen_fds(3)).
const firstInherited = 3

// inheritance is the sockets that systemd has opened for this process. They stay open, so that a listener which a
// reload has removed is available to the next one.
type inheritance struct {
	names []string
	files []*os.File
	err   error
}

// inherited are read once: the variables are for this process, and not for those that it starts.
var inherited = sync.OnceValue(func() *inheritance {
	in := readInheritance(os.Getenv, os.Getpid())
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	for i, name := range in.names {
		closeOnExec(firstInherited + i)
		in.files = append(in.files, os.NewFile(uintptr(firstInherited+i), name))
	}
	return in
})

// readInheritance reads the variables of sd_listen_fds(3).
func readInheritance(getenv func(string) string, pid int) *inheritance {
	if getenv("LISTEN_FDS") == "" {
		return &inheritance{err: errors.New("systemd has passed no socket: start the proxy by its .socket unit")}
	}
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return &inheritance{err: errors.New("the sockets of systemd are for another process (LISTEN_PID): let the unit start the proxy itself, without a shell before it")}
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 || n > 1024 {
		return &inheritance{err: errors.New("LISTEN_FDS is no number of sockets")}
	}
	in := &inheritance{names: make([]string, n)}
	given := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	for i := range in.names {
		in.names[i] = "unknown" // as systemd calls those without a name
		if i < len(given) && given[i] != "" {
			in.names[i] = given[i]
		}
	}
	return in
}

// inherited returns the socket of a name. Several sockets of one name are one listener.
func (l *Listener) inherited(name string) (net.Listener, error) {
	in := inherited()
	if in.err != nil {
		return nil, in.err
	}
	var all []net.Listener
	for i, other := range in.names {
		if other != name {
			continue
		}
		one, err := net.FileListener(in.files[i])
		if err == nil {
			if err = l.checkReach(one.Addr()); err != nil {
				_ = one.Close()
			}
		} else {
			err = fmt.Errorf("it is no listening stream socket: %w", err)
		}
		if err != nil {
			for _, opened := range all {
				_ = opened.Close()
			}
			return nil, err
		}
		keepFile(one) // the path is systemd's
		all = append(all, one)
	}
	if len(all) == 0 {
		known := slices.Compact(slices.Sorted(slices.Values(in.names)))
		return nil, fmt.Errorf("systemd has passed no socket of this name: set FileDescriptorName= in the .socket unit; there are %s", strings.Join(known, ", "))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return newJoined(all), nil
}

// checkReach is X2 for sockets whose address is not in the configuration.
func (l *Listener) checkReach(a net.Addr) error {
	tcp, ok := a.(*net.TCPAddr)
	switch {
	case !ok:
		return nil
	case !tcp.IP.IsLoopback() && !l.AllowAnyAddress:
		return fmt.Errorf("systemd has opened %s, which other machines can reach: use a Unix socket or loopback, or set allow_any_address if that is meant", a)
	case l.CallerSecret == nil && !l.AllowLocalUsers:
		return fmt.Errorf("systemd has opened %s, by which every user of this machine could use the tokens: use a Unix socket, or set caller_secret_file, or allow_local_users if that is meant", a)
	}
	return nil
}

// joined is several sockets as one listener.
type joined struct {
	all      []net.Listener
	accepted chan accepted
	closed   chan struct{}
	once     sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

func newJoined(all []net.Listener) *joined {
	j := &joined{all: all, accepted: make(chan accepted), closed: make(chan struct{})}
	for _, l := range all {
		go func() {
			for {
				c, err := l.Accept()
				select {
				case j.accepted <- accepted{c, err}:
				case <-j.closed:
					if c != nil {
						_ = c.Close()
					}
					return
				}
			}
		}()
	}
	return j
}

// Accept returns the next connection of any of the sockets.
func (j *joined) Accept() (net.Conn, error) {
	select {
	case a := <-j.accepted:
		return a.conn, a.err
	case <-j.closed:
		return nil, net.ErrClosed
	}
}

// Close closes all sockets.
func (j *joined) Close() error {
	j.once.Do(func() {
		close(j.closed)
		for _, l := range j.all {
			_ = l.Close()
		}
	})
	return nil
}

// Addr is that of the first socket.
func (j *joined) Addr() net.Addr { return j.all[0].Addr() }
