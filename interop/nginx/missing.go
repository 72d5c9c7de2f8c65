package nginx

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/alf-go/alf/interop/child"
)

// module is njs, in the form in which nginx loads it.
const module = "ngx_http_js_module.so"

// Missing says what has to be installed before Start can do its work; "" if all is there.
func Missing() string {
	if Binary() == "" {
		return "nginx is missing: install it with its module njs (on Debian: nginx-light libnginx-mod-http-js)"
	}
	if modulePath() == "" {
		return "nginx's module njs is missing: install it (on Debian: libnginx-mod-http-js)"
	}
	return ""
}

// Version is the installed version, such as "nginx/1.22.1"; "" if there is none.
func Version() string {
	text, err := exec.Command(Binary(), "-v").CombinedOutput()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(string(text), "nginx version: "))
}

// Binary is the path of nginx; "" if there is none.
func Binary() string { return child.Find("nginx") }

// modulePath is where njs is; "" if it is not.
func modulePath() string {
	build, err := exec.Command(Binary(), "-V").CombinedOutput()
	if err != nil {
		return ""
	}
	for option := range strings.FieldsSeq(string(build)) {
		if folder, is := strings.CutPrefix(option, "--modules-path="); is {
			path := filepath.Join(folder, module)
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return ""
}
