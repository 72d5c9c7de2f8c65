package fleet

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Usage returns what the process uses now.
func (p *Process) Usage() (u Usage, err error) {
	folder := fmt.Sprintf("/proc/%d", p.PID())
	if u.Private, err = privateMemory(folder); err != nil {
		return u, err
	}
	threads, err := filepath.Glob(folder + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		return u, fmt.Errorf("%s: the processor time is not known: there is no %s/task/*/schedstat", p.name, folder)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return u, err
		}
		var nanoseconds time.Duration
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return u, fmt.Errorf("%s: %w", thread, err)
		}
		u.CPU += nanoseconds
	}
	return u, nil
}

// privateMemory is the sum of the Private_* lines of smaps_rollup.
func privateMemory(folder string) (bytes int, err error) {
	file, err := os.Open(folder + "/smaps_rollup")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if !strings.HasPrefix(name, "Private_") {
			continue
		}
		var kib int
		if _, err := fmt.Sscanf(value, "%d kB", &kib); err != nil {
			return 0, fmt.Errorf("%s/smaps_rollup: %w", folder, err)
		}
		bytes += kib << 10
	}
	return bytes, lines.Err()
}

// ConnectionsTo counts the TCP connections of each process to a port of 127.0.0.1.
func (f *Fleet) ConnectionsTo(port int) ([]int, error) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	sockets := map[string]bool{}
	const loopback, established = "0100007F", "01"
	remote := fmt.Sprintf("%s:%04X", loopback, port)
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 9 && fields[2] == remote && fields[3] == established {
			sockets["socket:["+fields[9]+"]"] = true
		}
	}
	var counts []int
	for _, p := range f.Processes() {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.PID()))
		if err != nil {
			return nil, err
		}
		n := 0
		for _, file := range files {
			if target, err := os.Readlink(file); err == nil && sockets[target] {
				n++
			}
		}
		counts = append(counts, n)
	}
	return counts, nil
}
