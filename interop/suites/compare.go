package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alf-go/alf/interop/suites/wrap"
)

// tally is what the runs of one library showed.
type tally struct {
	library  string
	tests    int
	rejected int64    // the 401s of one run
	trivial  int      // tests that fail over the trivial transport
	failures []string // tests that fail over alf's transport alone
	flaky    []string // tests that failed over alf's transport, and not again or over the trivial one as well
}

// compare runs a library's tests in all modes.
func compare(s *suite, short bool) (*tally, error) {
	base, err := s.run(wrap.Trivial, "", short)
	if err != nil {
		return nil, err
	}
	t := &tally{library: s.name, tests: base.tests(), trivial: failedTests(base)}
	for _, mode := range []string{wrap.Alf, wrap.Rejected} {
		found, err := s.run(mode, "", short)
		if err != nil {
			return nil, err
		}
		if mode == wrap.Rejected {
			if t.rejected = s.rejections(); t.rejected == 0 {
				return nil, fmt.Errorf("%s: no request was rejected: the transport is not in place", s.name)
			}
		}
		for _, name := range onlyIn(found, base) {
			again, err := s.again(mode, name, short)
			if err != nil {
				return nil, err
			}
			line := mode + ": " + name
			if again {
				t.failures = append(t.failures, line)
			} else {
				t.flaky = append(t.flaky, line)
			}
		}
		if missing := base.tests() - found.tests(); missing > 0 && len(found.failed()) == 0 {
			return nil, fmt.Errorf("%s: %d tests did not run over %s", s.name, missing, mode)
		}
	}
	return t, nil
}

func failedTests(r results) (n int) {
	for name := range r.failed() {
		if strings.Contains(name, " ") {
			n++
		}
	}
	return n
}

// onlyIn lists what failed in found alone: the innermost tests, and a package only if none of its tests did.
func onlyIn(found, base results) []string {
	failed := found.failed()
	maps.DeleteFunc(failed, func(name string, _ bool) bool { return base[name] == "fail" })
	names := slices.Sorted(maps.Keys(failed))
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool {
			return strings.HasPrefix(other, name+"/") || !strings.Contains(name, " ") && strings.HasPrefix(other, name+" ")
		})
	})
}

// again runs one test by itself, in the mode and over the trivial transport, and reports whether only the first fails.
func (s *suite) again(mode, name string, short bool) (bool, error) {
	_, test, isTest := strings.Cut(name, " ")
	if !isTest {
		return true, nil
	}
	top, _, _ := strings.Cut(test, "/")
	found, err := s.run(mode, top, short)
	if err != nil {
		return false, err
	}
	if found[name] != "fail" {
		return false, nil
	}
	base, err := s.run(wrap.Trivial, top, short)
	return err == nil && base[name] != "fail", err
}
