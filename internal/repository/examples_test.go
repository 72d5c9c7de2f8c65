package repository

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An example is one file that fits on a screen or two, has a test beside it that runs it, and is listed.
func TestExamples_AreShortAndRun(t *testing.T) {
	all := files(t)
	exists := existing(all)
	list := read(t, "examples/README.md")
	count := 0
	for _, file := range all {
		name, isExample := strings.CutPrefix(file, "examples/")
		if !isExample || path.Base(name) != "main.go" {
			continue
		}
		require.Contains(t, list, "]("+name+")", "examples/README.md does not list it")
		if path.Dir(name) == "tenants" { // the larger one
			continue
		}
		count++
		require.LessOrEqual(t, strings.Count(read(t, file), "\n"), 60, "%s: more lines than are meant to be copied", file)
		test := path.Join(path.Dir(file), "main_test.go")
		require.True(t, exists[test], "%s is missing", test)
		require.Contains(t, read(t, test), "program.Start(", "%s does not run the program", test)
		for _, other := range all {
			if path.Dir(other) == path.Dir(file) && strings.HasSuffix(other, ".go") {
				require.True(t, other == file || strings.HasSuffix(other, "_test.go"), "%s: an example is one file", other)
			}
		}
	}
	require.GreaterOrEqual(t, count, 7)
}
