package proxyfile

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// longestSocket is how long the path of a Unix socket may be: every system takes 103 bytes, and until the socket has
// its mode, its name ends with the number of the process.
const longestSocket = 103 - len(".4194304")

const (
	unixPrefix    = "unix:"
	systemdPrefix = "systemd:"
)

// address is a parsed one. Exactly one of path, systemd and port is set.
type address struct {
	path    string // of a Unix socket
	systemd string // the name of a socket that systemd opens
	host    string // "localhost" or an IP address
	ip      netip.Addr
	port    string
}

// parseAddress takes one apart. problem says what makes no sense in it; it does not depend on the file's folder.
func parseAddress(s string) (a address, problem string) {
	if path, ok := strings.CutPrefix(s, unixPrefix); ok {
		a.path = path
		return a, checkSocketPath(path)
	}
	if name, ok := strings.CutPrefix(s, systemdPrefix); ok {
		a.systemd = name
		if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' || r == '/' }) {
			return a, "is no name of a systemd socket: write systemd:NAME, with the FileDescriptorName= of its unit"
		}
		return a, ""
	}
	if strings.Contains(s, "/") {
		return a, "is neither HOST:PORT nor the path of a socket: write unix:PATH for a Unix socket, and HOST:PORT without a scheme"
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return a, "is not of the form HOST:PORT, unix:PATH or systemd:NAME: write for example 127.0.0.1:8480, or [::1]:8480"
	}
	a.host, a.port = strings.ToLower(host), port
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return a, "has a port that is none: use a number up to 65535"
	}
	switch {
	case a.host == "localhost":
		a.ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case host == "":
		return a, "has no host, which means every address of the machine: write 127.0.0.1, or 0.0.0.0 if that is meant"
	default:
		if a.ip, err = netip.ParseAddr(host); err != nil {
			return a, "has a name for a host, which may stand for any address: write localhost or an IP address"
		}
		a.ip = a.ip.Unmap()
	}
	return a, ""
}

func checkSocketPath(path string) string {
	switch {
	case path == "":
		return "has no path: write unix:PATH"
	case strings.HasPrefix(path, "@"):
		return "is an abstract socket, which has no mode: every user could use the tokens: write the path of a file"
	case strings.ContainsRune(path, 0):
		return "has a NUL in its path: remove it"
	case strings.HasSuffix(path, "/"):
		return "is a directory: add a name for the socket"
	}
	return ""
}

// checkLength is about the path as the system gets it.
func checkLength(path string) string {
	if len(path) > longestSocket {
		return fmt.Sprintf("is a path of %d bytes, and the system takes %d for a socket: choose a shorter one", len(path), longestSocket)
	}
	return ""
}

// isTCP reports whether it is an address of the network.
func (a address) isTCP() bool { return a.port != "" }

// onLoopback reports whether only this machine can connect.
func (a address) onLoopback() bool { return a.isTCP() && a.ip.IsLoopback() }

// equals reports whether both cannot be listened on: the same one, or one is every address of the machine. A port of 0
// is any that is free.
func (a address) equals(b address) bool {
	switch {
	case a.isTCP() && b.isTCP():
		return a.port == b.port && a.port != "0" &&
			(a.ip == b.ip || a.ip.IsUnspecified() || b.ip.IsUnspecified())
	case a.path != "":
		return a.path == b.path
	}
	return a.systemd != "" && a.systemd == b.systemd
}

func checkListener(s string) string {
	_, problem := parseAddress(s)
	return problem
}

func checkHealth(s string) string {
	a, problem := parseAddress(s)
	if problem == "" && !a.isTCP() {
		return "is for probes, which connect by TCP: write HOST:PORT"
	}
	return problem
}

func checkAdmin(s string) string {
	a, problem := parseAddress(s)
	switch {
	case problem != "":
		return problem
	case a.systemd != "":
		return "cannot be a socket of systemd: write unix:PATH, or HOST:PORT on loopback"
	case a.isTCP() && !a.onLoopback():
		return "can be reached by other machines: write unix:PATH, or HOST:PORT on loopback"
	}
	return ""
}
