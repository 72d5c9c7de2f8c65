package glewlwyd

import (
	"os"
	"os/exec"
	"strings"
)

// Where Debian's package has what is not on the path.
const (
	modules = "/usr/lib/glewlwyd"
	schema  = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
)

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string {
	for _, name := range []string{"glewlwyd", "sqlite3", "stdbuf"} {
		if _, err := exec.LookPath(name); err != nil {
			return name + " is missing: install glewlwyd (on Debian: glewlwyd, sqlite3)"
		}
	}
	for _, name := range []string{modules, schema} {
		if _, err := os.Stat(name); err != nil {
			return "glewlwyd is not where Debian's package has it: " + err.Error()
		}
	}
	return ""
}

// Version is the installed version; "" if there is none.
func Version() string {
	text, err := exec.Command("glewlwyd", "--version").CombinedOutput()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
