package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alf-go/alf/interop/suites/wrap"
)

// tally is what the runs of one library showed.
type tally struct {
	library
	tests    int
	rejected int64               // the 401s of one run
	failures map[string][]string // by mode, the tests that fail; in the modes of a transport, those that do not without
	flaky    []string            // tests that failed over a transport, and not again or over none as well
}

// compare runs a library's tests in all modes.
func compare(s *suite, short bool) (*tally, error) {
	base, err := s.whole(wrap.None, short)
	if err != nil {
		return nil, err
	}
	t := &tally{library: s.library, tests: base.tests(), failures: map[string][]string{wrap.None: onlyIn(base, nil)}}
	for _, mode := range []string{wrap.Trivial, wrap.Alf, wrap.Rejected} {
		found, err := s.whole(mode, short)
		if err != nil {
			return nil, err
		}
		if mode == wrap.Rejected {
			if t.rejected = s.rejections(); t.rejected == 0 {
				return nil, fmt.Errorf("%s: no request was rejected: the transport is not in place", s.name)
			}
		}
		// What fails over any transport is not in doubt.
		var doubtful []string
		for _, name := range onlyIn(found, base) {
			if slices.Contains(t.failures[wrap.Trivial], name) {
				t.failures[mode] = append(t.failures[mode], name)
			} else {
				doubtful = append(doubtful, name)
			}
		}
		again, err := s.again(mode, doubtful, short)
		if err != nil {
			return nil, err
		}
		for _, name := range doubtful {
			if again[name] {
				t.failures[mode] = append(t.failures[mode], name)
			} else {
				t.flaky = append(t.flaky, mode+": "+name)
			}
		}
		if missing := base.tests() - found.tests(); missing > 0 && len(found.failed()) == 0 {
			return nil, fmt.Errorf("%s: %d tests did not run over %s", s.name, missing, mode)
		}
	}
	return t, nil
}

// onlyIn lists what failed in found alone: the innermost tests, and a package only if none of its tests did.
func onlyIn(found, base results) []string {
	failed := found.failed()
	maps.DeleteFunc(failed, func(name string, _ bool) bool { return base.fails(name) })
	names := slices.Sorted(maps.Keys(failed))
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool {
			return strings.HasPrefix(other, name+"/") || !strings.Contains(name, " ") && strings.HasPrefix(other, name+" ")
		})
	})
}

// again runs tests by themselves, in a mode and over http.Client, several times, and returns those of which only the
// first fails. Once is enough, except for a test that measures real time: the machine is to blame then, and only one
// that fails every time shows something.
func (s *suite) again(mode string, names []string, short bool) (map[string]bool, error) {
	fail := map[string]bool{}
	var tops []string
	for _, name := range names {
		_, test, isTest := strings.Cut(name, " ")
		if !isTest {
			fail[name] = true // a whole run was repeated already
			continue
		}
		top, _, _ := strings.Cut(test, "/")
		tops = append(tops, regexp.QuoteMeta(top))
	}
	if len(tops) == 0 {
		return fail, nil
	}
	slices.Sort(tops)
	pattern := "(" + strings.Join(slices.Compact(tops), "|") + ")"
	found, err := s.run(mode, pattern, short)
	if err != nil {
		return nil, err
	}
	base, err := s.run(wrap.None, pattern, short)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		failed := found.fails(name)
		if s.measuresTime(name) {
			failed = found.alwaysFails(name)
		}
		fail[name] = fail[name] || failed && !base.fails(name)
	}
	return fail, nil
}

// unexpected lists the failures over alf's transport alone that are not known, and what is known and did not fail.
func (t *tally) unexpected() (lines []string) {
	failed := make([]bool, len(t.known))
	for _, mode := range []string{wrap.Alf, wrap.Rejected} {
		for _, name := range t.failures[mode] {
			if slices.Contains(t.failures[wrap.Trivial], name) {
				continue
			}
			i := slices.IndexFunc(t.known, func(k known) bool { return k.matches(name) })
			if i < 0 {
				lines = append(lines, fmt.Sprintf("%s: %s: %s", t.name, mode, name))
			} else {
				failed[i] = true
			}
		}
	}
	for i, k := range t.known {
		if !failed[i] {
			lines = append(lines, fmt.Sprintf("%s: %s is said to fail, and does not", t.name, k.tests))
		}
	}
	return lines
}

func (k known) matches(name string) bool { return matches(k.tests, name) }

// measuresTime reports whether a test compares real time with what it expects.
func (l *library) measuresTime(name string) bool { return l.timed != "" && matches(l.timed, name) }

// matches reports whether a regular expression is that of a test's whole name, without the package.
func matches(tests, name string) bool {
	_, test, _ := strings.Cut(name, " ")
	return regexp.MustCompile("^(" + tests + ")$").MatchString(test)
}
