package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine is where a run took place, and with what.
type machine struct {
	processor string
	cores     int
	system    string
	kernel    string
	memory    string
	goVersion string
	modules   [][2]string // name, version
}

func thisMachine() machine {
	m := machine{
		processor: "unknown processor", cores: runtime.GOMAXPROCS(0),
		system: runtime.GOOS + "/" + runtime.GOARCH, goVersion: runtime.Version(),
	}
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		m.processor = name
	}
	if kib := field("/proc/meminfo", "MemTotal"); kib != "" {
		var n float64
		if _, err := fmt.Sscanf(kib, "%f kB", &n); err == nil {
			m.memory = fmt.Sprintf("%.0f GiB", n/(1<<20))
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.kernel, _, _ = strings.Cut(strings.TrimSpace(string(release)), "-")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return m
	}
	versions := map[string]string{}
	for _, d := range info.Deps {
		versions[d.Path] = d.Version
	}
	for _, p := range libraries {
		if p.name == theClient.name {
			continue // it is the one beside this directory
		}
		m.modules = append(m.modules, [2]string{p.module, versions[p.module]})
	}
	return m
}

// field finds "name : value" in one of the files in which Linux describes itself.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String is the machine and the versions in a few lines.
func (m machine) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d cores", m.processor, m.cores)
	if m.memory != "" {
		fmt.Fprintf(&b, ", %s", m.memory)
	}
	fmt.Fprintf(&b, "; %s", m.system)
	if m.kernel != "" {
		fmt.Fprintf(&b, " %s", m.kernel)
	}
	fmt.Fprintf(&b, "; %s\n", m.goVersion)
	for i, module := range m.modules {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(module[0] + " " + module[1])
	}
	return b.String()
}
