package apache

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/alf-go/alf/interop/child"
)

// modules is where Debian has Apache's modules.
const modules = "/usr/lib/apache2/modules"

// Missing says what has to be installed before Start can do its work; "" if all is there.
func Missing() string {
	if binary() == "" {
		return "Apache is missing: install it with its module mod_oauth2 (on Debian: apache2-bin libapache2-mod-oauth2)"
	}
	if _, err := os.Stat(filepath.Join(modules, "mod_oauth2.so")); err != nil {
		return "Apache's module mod_oauth2 is missing: install it (on Debian: libapache2-mod-oauth2)"
	}
	return ""
}

// Version is the installed version, such as "Apache/2.4.62 (Debian)"; "" if there is none.
func Version() string {
	text, err := exec.Command(binary(), "-v").Output()
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "Server version: ")
}

// binary is the path of Apache; "" if there is none.
func binary() string { return child.Find("apache2") }
