package repository

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callGraph is which functions of a package call which, found by name. Methods of common interfaces are left out: by
// name alone, every Close would call every other.
type callGraph struct {
	declared map[string][]*ast.FuncDecl
	file     map[*ast.FuncDecl]string
}

// helpers are files that a request does not pass: they declare errors and call the hooks of a trace.
var helpers = []string{"errors.go", "trace.go"}

var ofInterfaces = []string{"RoundTrip", "CloseIdleConnections", "Close", "Read", "Write", "String", "Error", "Format", "Unwrap", "Is", "As"}

func callsIn(t *testing.T, folder string) callGraph {
	graph := callGraph{map[string][]*ast.FuncDecl{}, map[*ast.FuncDecl]string{}}
	for _, file := range files(t) {
		name, inFolder := strings.CutPrefix(file, folder+"/")
		if !inFolder || strings.Contains(name, "/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), 0)
		require.NoError(t, err)
		for _, declaration := range syntax.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				graph.declared[function.Name.Name] = append(graph.declared[function.Name.Name], function)
				graph.file[function] = name
			}
		}
	}
	return graph
}

// from calls visit for every call that can happen once a function of that name runs.
func (g callGraph) from(name string, visit func(caller, callee *ast.FuncDecl)) {
	seen := map[*ast.FuncDecl]bool{}
	var walk func(*ast.FuncDecl)
	walk = func(caller *ast.FuncDecl) {
		if seen[caller] {
			return
		}
		seen[caller] = true
		ast.Inspect(caller, func(node ast.Node) bool {
			called := ""
			switch node := node.(type) {
			case *ast.Ident:
				called = node.Name
			case *ast.SelectorExpr:
				called = node.Sel.Name
			}
			for _, callee := range g.declared[called] {
				if callee != caller && !slices.Contains(ofInterfaces, called) {
					visit(caller, callee)
					walk(callee)
				}
			}
			return true
		})
	}
	for _, start := range g.declared[name] {
		walk(start)
	}
}

// A request passes few files, and comes back to the first of them from two only: where a DPoP nonce or a rejected token
// has it sent again.
func TestRequestPath_IsShort(t *testing.T) {
	const first = "transport.go"
	graph := callsIn(t, "internal/transport")
	passed := map[string]bool{"../../client.go": true} // where the transport comes from
	back := map[string]bool{}
	graph.from("RoundTrip", func(caller, callee *ast.FuncDecl) {
		for _, function := range []*ast.FuncDecl{caller, callee} {
			if file := graph.file[function]; !slices.Contains(helpers, file) {
				passed[file] = true
			}
		}
		if graph.file[callee] == first && graph.file[caller] != first {
			back[graph.file[caller]] = true
		}
	})
	require.Greater(t, len(passed), 4, "the call graph is not found")
	require.LessOrEqual(t, len(passed), 9, "%v", slices.Sorted(maps.Keys(passed)))
	require.LessOrEqual(t, len(back), 2, "%v", slices.Sorted(maps.Keys(back)))
}
