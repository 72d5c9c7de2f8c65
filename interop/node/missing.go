package node

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What the packages ask for. npm brings a Node of its own for Linux; elsewhere there has to be one.
const oldestMajor, oldestMinor = 22, 12

// Missing says what has to be installed before a script that uses packages can run; "" if all is there.
func Missing(packages ...string) string {
	for _, name := range packages {
		if Version(name) == "" {
			return name + " is missing: run npm ci in interop/node"
		}
	}
	version, err := exec.Command(Interpreter(), "--version").Output()
	var major, minor int
	if _, scanErr := fmt.Sscanf(string(version), "v%d.%d", &major, &minor); err != nil || scanErr != nil {
		return fmt.Sprintf("Node %d.%d or later is missing: install it", oldestMajor, oldestMinor)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Sprintf("Node %s is too old: install %d.%d or later", strings.TrimSpace(string(version)), oldestMajor,
			oldestMinor)
	}
	return ""
}

// Version is the installed version of a package; "" if there is none.
func Version(name string) string {
	text, err := os.ReadFile(filepath.Join(folder(), "node_modules", name, "package.json"))
	var manifest struct{ Version string }
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		return ""
	}
	return manifest.Version
}

// Interpreter is the Node to run: npm's, else the machine's.
func Interpreter() string {
	shipped, _ := filepath.Glob(filepath.Join(folder(), "node_modules", "node-*", "bin", "node"))
	if len(shipped) > 0 {
		return shipped[0]
	}
	return "node"
}
