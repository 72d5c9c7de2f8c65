// Command suites runs the test suites of other libraries over alf's transport, with and without a 401 for the first
// send of each request, and over a transport that does nothing but add a header. It fails if a test fails over alf's
// alone.
//
//	go run ./suites                   # all, in half an hour on two cores
//	go run ./suites -only 'net/http'  # those whose names match
//
// It works on copies in a temporary folder: of GOROOT, in which net/http lets a test replace the transport of every
// http.Client, and of each library's module. It needs a module proxy.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	only := flag.String("only", "", "run the libraries whose names match this regular expression; empty: all")
	short := flag.Bool("short", false, "pass -short to the tests")
	keep := flag.Bool("keep", false, "keep the temporary folder, and print its name")
	flag.Parse()
	if err := run(*only, *short, *keep); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(only string, short, keep bool) error {
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
		broken = append(broken, t.failures...)
	}
	report(tallies)
	if len(broken) > 0 {
		return fmt.Errorf("FAIL:\n%s", strings.Join(broken, "\n"))
	}
	return nil
}

// report writes the table for README.md.
func report(tallies []*tally) {
	fmt.Println("\n| library | tests | 401s | fail over the trivial transport | fail over alf's alone | did not fail again |\n|---|--:|--:|--:|--:|--:|")
	for _, t := range tallies {
		fmt.Printf("| %s | %d | %d | %d | %d | %d |\n", t.library, t.tests, t.rejected, t.trivial, len(t.failures), len(t.flaky))
	}
	for _, t := range tallies {
		for _, name := range t.flaky {
			fmt.Printf("%s: %s did not fail again, or fails over the trivial transport as well\n", t.library, name)
		}
	}
}
