package ambiguous

import (
	"os/exec"
	"strings"
	"sync"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/nginx"
)

// Nginx is nginx as its users have it add a header: proxy_set_header, HTTP/1.1 to the server, and websockets as its
// documentation has them.
var Nginx = &Program{
	Name: "nginx",
	Missing: func() string {
		if nginx.Binary() == "" {
			return "nginx is missing: install it (on Debian: nginx-light)"
		}
		return ""
	},
	Version: sync.OnceValue(func() string { return strings.Replace(nginx.Version(), "/", " ", 1) }),
	conf:    "nginx.conf",
	command: func(dir, conf string) []string {
		return []string{nginx.Binary(), "-p", dir, "-c", conf, "-e", "stderr"}
	},
}

// HAProxy is HAProxy as its users have it add a header: http-request set-header.
var HAProxy = &Program{
	Name: "HAProxy",
	Missing: func() string {
		if haproxyBinary() == "" {
			return "HAProxy is missing: install it (on Debian: haproxy)"
		}
		return ""
	},
	Version: sync.OnceValue(func() string {
		// HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/
		text, err := exec.Command(haproxyBinary(), "-v").Output()
		fields := strings.Fields(string(text))
		if err != nil || len(fields) < 3 {
			return ""
		}
		version, _, _ := strings.Cut(fields[2], "-")
		return "HAProxy " + version
	}),
	conf: "haproxy.cfg",
	command: func(_, conf string) []string {
		return []string{haproxyBinary(), "-db", "-f", conf}
	},
}

// haproxyBinary is the path of HAProxy; "" if there is none.
func haproxyBinary() string { return child.Find("haproxy") }
