package proxyfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// checkMode wants the permissions of a socket that its owner can use.
func checkMode(s string) string {
	mode, err := strconv.ParseUint(s, 8, 32)
	switch {
	case err != nil || len(s) < 3 || len(s) > 4:
		return `is no mode in octal: write for example "0600"`
	case mode > 0o777:
		return `has more than permissions: write for example "0600"`
	case mode&0o600 != 0o600:
		return `keeps its own user out: write for example "0600"`
	case mode&0o111 != 0:
		return `lets a socket be executed: write for example "0600" or "0660"`
	}
	return ""
}

// permissions are those of a mode that was checked.
func permissions(s string) fs.FileMode {
	mode, _ := strconv.ParseUint(s, 8, 32)
	return fs.FileMode(mode)
}

func checkHosts(hosts []string) string {
	for i, host := range hosts {
		switch problem := checkHost(host); {
		case problem != "" && len(hosts) > 1:
			return fmt.Sprintf("number %d %s", i+1, problem)
		case problem != "":
			return problem
		case slices.ContainsFunc(hosts[:i], func(other string) bool { return strings.EqualFold(other, host) }):
			return fmt.Sprintf("number %d occurs twice: remove one", i+1)
		}
	}
	return ""
}

// checkHost is about a name that requests are compared with.
func checkHost(host string) string {
	name, ok := routing.HostName(host)
	switch {
	case host == "":
		return "is empty: name a host, or remove it"
	case strings.Contains(host, "*"):
		return "has a wildcard, which stands for hosts that are not named: name each host"
	case strings.Contains(host, "://") || strings.Contains(host, "/"):
		return "is a URL or path: write the host alone, such as api.example.com"
	case !ok && strings.Count(host, ":") > 1 && !strings.HasPrefix(host, "["):
		return "is an IPv6 address without brackets: write for example [::1]"
	case !ok:
		return "is no host: write a name or an address, such as api.example.com"
	case len(name) != len(strings.Trim(host, "[]")) && strings.Contains(strings.TrimPrefix(host, "["+name+"]"), ":"):
		return "has a port, and requests for any port are taken: remove it"
	}
	return ""
}

// validate checks what depends on several members.
func (l *listener) validate(p *problems) {
	if !l.has("address") {
		p.missing(&l.given, "address", "write unix:PATH for a Unix socket, which is safest, or HOST:PORT")
		return
	}
	if !l.good("address") {
		return
	}
	a := l.parsed()
	if a.path != "" {
		if problem := checkLength(a.path); problem != "" {
			p.add(l.at("address"), "%s", problem)
		}
	}
	l.validateMode(p, a)
	l.validateReach(p, a)
	l.validateSecret(p)
}

// parsed is the address, which makes sense.
func (l *listener) parsed() address {
	a, _ := parseAddress(l.Address)
	return a
}

func (l *listener) validateMode(p *problems, a address) {
	switch {
	case !l.has("mode") || !l.good("mode"):
	case a.path == "":
		p.add(l.at("mode"), "is for Unix sockets alone: remove it%s", map[bool]string{true: ", and set SocketMode= in its unit"}[a.systemd != ""])
	case permissions(l.Mode)&0o007 != 0 && !l.AllowLocalUsers:
		p.add(l.at("mode"), "lets every user of this machine use the tokens: remove the last digit's permissions, or set %s if that is meant", l.name("allow_local_users"))
	case permissions(l.Mode)&0o070 != 0 && permissions(l.Mode)&0o020 == 0:
		p.add(l.at("mode"), "lets the group read, but to connect takes the permission to write: write \"0660\" or \"0600\"")
	}
}

// validateReach is about who can connect: over TCP that is every user, or every machine (X2).
func (l *listener) validateReach(p *problems, a address) {
	secret := l.has("caller_secret_file")
	if !l.good("allow_local_users", "allow_any_address", "caller_secret_file") {
		return
	}
	switch {
	case a.isTCP() && !a.onLoopback() && !l.AllowAnyAddress:
		p.add(l.at("address"), "can be reached by other machines: listen on loopback or a Unix socket, or set %s if that is meant", l.name("allow_any_address"))
	case a.isTCP() && !secret && !l.AllowLocalUsers:
		p.add(l.at("address"), "lets every user of this machine use the tokens: use a Unix socket, or set %s, or %s if that is meant", l.name("caller_secret_file"), l.name("allow_local_users"))
	case a.isTCP() && !a.onLoopback() && !secret:
		p.warn(l.at("address"), "every machine that can reach it may use the tokens: set %s", l.name("caller_secret_file"))
	}
	if l.AllowAnyAddress && (a.path != "" || a.onLoopback()) {
		p.add(l.at("allow_any_address"), "is of use only with an address that other machines can reach: remove it")
	}
	if l.AllowLocalUsers && (a.path != "" && l.good("mode") && permissions(l.Mode)&0o007 == 0 || a.isTCP() && secret) {
		remedy := "a Unix socket whose mode allows it"
		if a.isTCP() {
			remedy = "an address without " + l.name("caller_secret_file")
		}
		p.add(l.at("allow_local_users"), "is of use only with %s: remove it", remedy)
	}
}

// validateSecret reads the caller secret once.
func (l *listener) validateSecret(p *problems) {
	if !l.has("caller_secret_file") || !l.good("caller_secret_file") {
		return
	}
	at := l.at("caller_secret_file")
	if _, err := readSecret(string(l.CallerSecretFile)); err != nil {
		p.add(at, "%v", err)
		return
	}
	if info, err := os.Stat(string(l.CallerSecretFile)); err == nil && info.Mode().Perm()&0o004 != 0 {
		p.warn(at, "every user of this machine can read the file: chmod o-r it")
	}
}

// listen is what the proxy makes a listener from.
func (l *listener) listen() proxy.Listener {
	made := proxy.Listener{
		Address: l.Address, Hosts: slices.Clone(l.Hosts), AllowLocalUsers: l.AllowLocalUsers, AllowAnyAddress: l.AllowAnyAddress,
	}
	for i, host := range made.Hosts {
		made.Hosts[i], _ = routing.HostName(host)
	}
	switch a := l.parsed(); {
	case a.path != "":
		made.Mode = permissions(l.Mode)
	case a.isTCP() && !a.ip.IsUnspecified():
		made.Hosts = append(made.Hosts, a.ip.String())
	}
	if l.CallerSecretFile != "" {
		made.CallerSecret = (&callerSecret{path: string(l.CallerSecretFile)}).read
	}
	return made
}

// beside makes the path of a Unix socket relative to the file.
func beside(file, address string) string {
	path, ok := strings.CutPrefix(address, unixPrefix)
	if !ok || path == "" || path[0] == '@' || filepath.IsAbs(path) || file == "" {
		return address
	}
	return unixPrefix + filepath.Join(filepath.Dir(file), path)
}
