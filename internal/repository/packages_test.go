package repository

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/alf-go/alf"

// public are the packages that users import.
var public = []string{"alf", "dpop", "fetcher", "filestore", "keys", "manager", "sim", "store"}

// pure is all that the core may import: nothing in there blocks, or knows the time by itself if time.Now is not called.
var pure = []string{"bytes", "cmp", "encoding/binary", "errors", "fmt", "math", "math/bits", "slices", "strconv", "strings", "time"}

// parsed returns the Go files of the root module, without tests, by the folder they are in.
func parsed(t *testing.T) map[string][]*ast.File {
	folders := map[string][]*ast.File{}
	all := files(t)
	others := []string{"findings/"} // and the modules of their own
	for _, file := range all {
		if path.Base(file) == "go.mod" && file != "go.mod" {
			others = append(others, path.Dir(file)+"/")
		}
	}
	for _, file := range all {
		nested := slices.ContainsFunc(others, func(folder string) bool { return strings.HasPrefix(file, folder) })
		if nested || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "testdata/") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), 0)
		require.NoError(t, err)
		folders[path.Dir(file)] = append(folders[path.Dir(file)], syntax)
	}
	return folders
}

// name is how DESIGN.md calls a package: by its folder, the root by the module's name, and the parts of the program and
// of the simulation by the folder that they are in.
func name(folder string) string {
	for _, whole := range []string{"internal/program", "internal/simulation"} {
		if folder == whole || strings.HasPrefix(folder, whole+"/") {
			return whole
		}
	}
	if folder == "." {
		return "alf"
	}
	return folder
}

func importsOf(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// arrows returns, for each package, the packages of this module that it imports.
func arrows(t *testing.T) map[string][]string {
	found := map[string][]string{}
	for folder, syntax := range parsed(t) {
		from := name(folder)
		if found[from] == nil {
			found[from] = []string{}
		}
		for _, file := range syntax {
			for _, imported := range importsOf(file) {
				if to, ours := strings.CutPrefix(imported, module); ours {
					to = name(path.Clean(strings.TrimPrefix(to, "/")))
					if to != from && !slices.Contains(found[from], to) {
						found[from] = append(found[from], to)
					}
				}
			}
		}
		slices.Sort(found[from])
	}
	return found
}

func TestPackages_PublicOnesAreFew(t *testing.T) {
	var found []string
	for from := range arrows(t) {
		if !strings.HasPrefix(from, "internal/") && !strings.HasPrefix(from, "cmd/") {
			found = append(found, from)
		}
	}
	slices.Sort(found)
	require.Equal(t, public, found)
	require.LessOrEqual(t, len(found), 8)
}

// The order in which arrows point: a package imports only what stands after it.
var layers = []string{
	"cmd/alf", "internal/program", "internal/proxy", "sim", "internal/fleet", "alf", "internal/transport", "internal/simulation", "manager", "internal/core/endpoint", "internal/core/sharing", "internal/core",
	"internal/seal", "filestore", "store", "fetcher", "dpop", "keys",
}

func TestPackages_ArrowsPointOneWay(t *testing.T) {
	for from, imported := range arrows(t) {
		at := slices.Index(layers, from)
		for _, to := range imported {
			if to == "internal/program" {
				require.True(t, strings.HasPrefix(from, "cmd/"), "%s imports %s, which is for programs", from, to)
			}
			below := slices.Index(layers, to)
			if at >= 0 && below >= 0 {
				require.Less(t, at, below, "%s imports %s: arrows point the other way", from, to)
			}
			if at < 0 && below >= 0 {
				require.Contains(t, []string{"internal/certtest", "internal/memorystore"}, from, "%s, a helper of several packages, imports %s", from, to)
			}
		}
	}
	require.NotContains(t, arrows(t)["manager"], "fetcher")
	require.NotContains(t, arrows(t)["fetcher"], "manager")
	require.Empty(t, arrows(t)["internal/core"])
}

var arrowLine = regexp.MustCompile(`^(\S+) +-> +(.+)$`)

// DESIGN.md draws the arrows line by line: what stands there is what go list says.
func TestPackages_DesignDrawsTheArrows(t *testing.T) {
	drawn := map[string][]string{}
	for line := range strings.Lines(read(t, "DESIGN.md")) {
		if match := arrowLine.FindStringSubmatch(strings.TrimSpace(line)); match != nil {
			to := strings.Fields(strings.ReplaceAll(match[2], ",", " "))
			if len(to) == 1 && to[0] == "-" {
				to = nil
			}
			slices.Sort(to)
			drawn[match[1]] = append([]string{}, to...)
		}
	}
	require.Equal(t, arrows(t), drawn)
}

// The cores are pure functions: no goroutine, no channel, no lock, no clock.
func TestM17_TheCoreCannotBlock(t *testing.T) {
	core, endpoint := parsed(t)["internal/core"], parsed(t)["internal/core/endpoint"]
	require.NotEmpty(t, core)
	require.NotEmpty(t, endpoint)
	for _, file := range slices.Concat(core, endpoint) {
		for _, imported := range importsOf(file) {
			require.Contains(t, append([]string{module + "/internal/core"}, pure...), imported)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
				t.Errorf("the core has a goroutine or a channel: %T", node)
			case *ast.SelectorExpr:
				if pkg, ok := node.X.(*ast.Ident); ok && pkg.Name == "time" {
					require.NotContains(t, []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}, node.Sel.Name)
				}
			}
			return true
		})
	}
}
