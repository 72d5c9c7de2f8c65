// Command suites runs the test suites of other libraries over http.Client as it is, over a transport that does nothing
// but add a header, and over alf's transport, with and without a 401 for the first send of each request. It fails if a
// test fails over alf's alone that is not known to, or one that is known to does not.
//
//	go run ./suites -write              # all, in half an hour on two cores; into the table of README.md
//	go run ./suites -only '^net/http$'  # those whose names match
//
// It works on copies in a temporary folder: of GOROOT, in which net/http lets a test replace the transport of every
// http.Client, and of each library's module. It needs a module proxy.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	only := flag.String("only", "", "run the libraries whose names match this regular expression; empty: all")
	short := flag.Bool("short", false, "pass -short to the tests")
	write := flag.Bool("write", false, "replace the rows of README.md")
	keep := flag.Bool("keep", false, "keep the temporary folder, and print its name")
	flag.Parse()
	if err := run(*only, *short, *keep, *write); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(only string, short, keep, write bool) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "alf-suites-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("working in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	goroot := filepath.Join(dir, "goroot")
	if err := copyGOROOT(goroot); err != nil {
		return err
	}
	var tallies []*tally
	var broken []string
	for _, l := range libraries {
		if !wanted.MatchString(l.name) {
			continue
		}
		s, err := prepare(l, goroot, dir)
		if err != nil {
			broken = append(broken, l.name+": "+err.Error())
			continue
		}
		t, err := compare(s, short)
		if err != nil {
			broken = append(broken, err.Error())
			continue
		}
		tallies = append(tallies, t)
		broken = append(broken, t.unexpected()...)
		if write {
			if err := publish("README.md", t); err != nil {
				return err
			}
		}
	}
	report(tallies)
	if len(broken) > 0 {
		return fmt.Errorf("FAIL:\n%s", strings.Join(broken, "\n"))
	}
	return nil
}

// report prints the rows of the table, and which tests they count.
func report(tallies []*tally) {
	fmt.Print("\n" + tableHead)
	for _, t := range tallies {
		fmt.Print(t.row())
	}
	for _, t := range tallies {
		fmt.Printf("%s: %d requests were rejected\n", t.name, t.rejected)
		for _, mode := range slices.Sorted(maps.Keys(t.failures)) {
			for _, name := range t.failures[mode] {
				fmt.Printf("%s: %s: %s fails\n", t.name, mode, name)
			}
		}
		for _, name := range t.flaky {
			fmt.Printf("%s: %s did not fail again, or fails over http.Client as well\n", t.name, name)
		}
	}
}
