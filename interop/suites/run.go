package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The environment variables that say which mode it is, and where to count the 401s.
const (
	modeVariable  = "SUITES_MODE"
	countVariable = "SUITES_COUNT"
)

// suite is a library whose tests can be run.
type suite struct {
	library
	goroot string
	dir    string // where to run go test
	logs   string // where the output goes
	count  string // the file that has a byte for each 401
}

// results are what a run showed, by package and test.
type results map[string]string

// failed lists the tests that failed. A package that fails without a failing test, because it does not compile or
// panics, is listed itself.
func (r results) failed() map[string]bool {
	failed := map[string]bool{}
	for name := range r {
		if r.fails(name) {
			failed[name] = true
		}
	}
	return failed
}

// What a test showed that was running when its package panicked or timed out, and one that ran more than once and did
// not always fail.
const (
	unfinished = "unfinished"
	sometimes  = "sometimes"
)

// fails reports whether a test failed at least once.
func (r results) fails(name string) bool {
	return r[name] == "fail" || r[name] == sometimes || r[name] == unfinished
}

// alwaysFails reports whether a test failed whenever it ran.
func (r results) alwaysFails(name string) bool { return r.fails(name) && r[name] != sometimes }

// cutShort reports whether tests may be missing: a package failed for another reason than its tests.
func (r results) cutShort() bool {
	for name := range r {
		if r[name] == unfinished || !strings.Contains(name, " ") && r.fails(name) && !r.failsIn(name) {
			return true
		}
	}
	return false
}

// failsIn reports whether a test of a package failed.
func (r results) failsIn(pkg string) bool {
	for name := range r {
		if strings.HasPrefix(name, pkg+" ") && r.fails(name) {
			return true
		}
	}
	return false
}

// tests counts the tests that ran, packages not included.
func (r results) tests() (n int) {
	for name, action := range r {
		if strings.Contains(name, " ") && action != "skip" {
			n++
		}
	}
	return n
}

// prepare copies the library's module and puts the hook into its packages. It downloads what the tests need.
func prepare(l library, goroot, dir string) (*suite, error) {
	s := &suite{library: l, goroot: goroot, logs: dir, dir: filepath.Join(goroot, "src")}
	s.count = filepath.Join(dir, strings.ReplaceAll(l.name, "/", "-")+".count")
	if l.module != "" {
		download := exec.Command("go", "mod", "download", "-json", l.module)
		download.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		download.Dir = os.TempDir()
		text, err := output(download)
		if err != nil {
			return nil, err
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(text, &module); err != nil {
			return nil, err
		}
		s.dir = filepath.Join(dir, strings.ReplaceAll(l.name, "/", "-"))
		if _, err := output(exec.Command("cp", "-r", module.Dir, s.dir)); err != nil {
			return nil, err
		}
		if _, err := output(exec.Command("chmod", "-R", "u+w", s.dir)); err != nil {
			return nil, err
		}
	}
	if err := s.cut(); err != nil {
		return nil, err
	}
	for _, p := range l.packages {
		if err := s.useHook(filepath.Join(s.dir, p)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cut puts the transport into a library that has no http.Client.
func (s *suite) cut() error {
	if s.seam == nil {
		return nil
	}
	file := filepath.Join(s.dir, s.seam.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(s.seam.old)) {
		return fmt.Errorf("%s: %s has changed: the seam is not there", s.name, s.seam.file)
	}
	return os.WriteFile(file, bytes.ReplaceAll(text, []byte(s.seam.old), []byte(s.seam.new)), 0o644)
}

// version is that of the library's module, or of Go.
func (l *library) version() string {
	if _, version, ok := strings.Cut(l.module, "@"); ok {
		return version
	}
	return strings.Replace(runtime.Version(), "go", "Go ", 1)
}

// goCommand is a go command over the copy of GOROOT.
func (s *suite) goCommand(args ...string) *exec.Cmd {
	flags := ""
	if s.module != "" {
		flags = "-mod=mod"
	}
	cmd := exec.Command(filepath.Join(s.goroot, "bin", "go"), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GOROOT="+s.goroot, "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS="+flags)
	return cmd
}

// whole runs all tests in a mode. It does so once more if that ended before its time, by a panic or a time-out: the
// tests of others are not always stable either.
func (s *suite) whole(mode string, short bool) (results, error) {
	found, err := s.run(mode, "", short)
	if err == nil && found.cutShort() {
		found, err = s.run(mode, "", short)
	}
	return found, err
}

// run runs the tests in a mode. With a regular expression it runs those tests alone, several times.
func (s *suite) run(mode, only string, short bool) (results, error) {
	args := []string{"test", "-json", "-vet=off", "-timeout=6m"}
	switch {
	case only != "":
		args = append(args, "-count=5", "-run=^"+only+"$")
	default:
		args = append(args, "-count=1")
	}
	if s.skip != "" {
		args = append(args, "-skip="+s.skip)
	}
	if short {
		args = append(args, "-short")
	}
	cmd := s.goCommand(append(args, s.packages...)...)
	cmd.Env = append(cmd.Env, modeVariable+"="+mode, countVariable+"="+s.count)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	began := time.Now()
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	found := parse(text)
	name := s.name + " " + mode
	if only != "" {
		name += " again"
	}
	log := filepath.Join(s.logs, strings.ReplaceAll(name, "/", "-")+".json")
	if err := os.WriteFile(log, append(text, complaints.Bytes()...), 0o600); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no test ran: %s", s.name, bytes.TrimSpace(complaints.Bytes()))
	}
	if only == "" {
		fmt.Printf("%-20s %-10s %5d tests, %d failed, %s\n", s.name, mode, found.tests(), len(found.failed()),
			time.Since(began).Round(time.Second))
	}
	return found, nil
}

// rejections is how many 401s there have been.
func (s *suite) rejections() int64 {
	info, err := os.Stat(s.count)
	if err != nil {
		return 0
	}
	return info.Size()
}

// parse reads the output of go test -json.
func parse(text []byte) results {
	found := results{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	running := map[string]bool{}
	for lines.Scan() {
		var event struct{ Action, Package, Test string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Package == "" {
			continue
		}
		name := event.Package
		if event.Test != "" {
			name += " " + event.Test
		}
		switch event.Action {
		case "run":
			running[name] = true
		case "pass", "skip", "fail":
			delete(running, name)
			if before, again := found[name]; again && (before == "fail" || before == sometimes) != (event.Action == "fail") {
				found[name] = sometimes
			} else if before != sometimes {
				found[name] = event.Action
			}
		}
	}
	for name := range running {
		found[name] = unfinished
	}
	return found
}
