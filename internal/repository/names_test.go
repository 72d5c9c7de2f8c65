package repository

import (
	"go/ast"
	"go/doc/comment"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exported returns the exported names of a package: of its declarations, and "Type.Member" for fields and methods.
func exported(t *testing.T, folder string) map[string]bool {
	p := documentation(t, folder)
	found := map[string]bool{}
	values := func(names []string) {
		for _, name := range names {
			found[name] = true
		}
	}
	for _, value := range append(p.Consts, p.Vars...) {
		values(value.Names)
	}
	for _, function := range p.Funcs {
		found[function.Name] = true
	}
	for _, kind := range p.Types {
		found[kind.Name] = true
		for _, value := range append(kind.Consts, kind.Vars...) {
			values(value.Names)
		}
		for _, function := range kind.Funcs {
			found[function.Name] = true
		}
		for _, method := range kind.Methods {
			found[kind.Name+"."+method.Name] = true
		}
		ast.Inspect(kind.Decl, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok {
				for _, name := range field.Names {
					found[kind.Name+"."+name.Name] = true
				}
			}
			return true
		})
	}
	return found
}

// packageNames are those of documented packages, by which code in documents names what they export.
func packageNames(t *testing.T) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, folder := range documented {
		name := path.Base(folder)
		if folder == "." {
			name = "alf"
		}
		all[name] = exported(t, folder)
	}
	return all
}

// qualified is a name with its package, and maybe a member of it: alf.TokenError.NextAttempt.
var qualified = regexp.MustCompile(`(^|[^\w./"-])([a-z]+)\.([A-Z]\w*)(\.[A-Z]\w*)?`)

// unknown returns the qualified names in a text that no package exports.
func unknown(packages map[string]map[string]bool, text string) (names []string) {
	for _, match := range qualified.FindAllStringSubmatch(text, -1) {
		exports, ours := packages[match[2]]
		if !ours {
			continue
		}
		// The member of an alias is that of another package's type, and a value's is looked for nowhere.
		if !exports[match[3]] || match[4] != "" && !exports[match[3]+match[4]] && hasMembers(exports, match[3]) {
			names = append(names, strings.TrimSpace(match[0]))
		}
	}
	return names
}

// hasMembers reports whether the members of a type are known.
func hasMembers(exports map[string]bool, kind string) bool {
	for name := range exports {
		if strings.HasPrefix(name, kind+".") {
			return true
		}
	}
	return false
}

// outdated are documents that speak of names that are gone.
var outdated = []string{"CHANGELOG.md", "findings/README.md", "internal/simulation/README.md"}

// What a document calls alf.Name, in code or in a sentence, exists.
func TestDocuments_NamesExist(t *testing.T) {
	packages := packageNames(t)
	require.True(t, packages["alf"]["Config.Origins"] && packages["manager"]["Manager.Watch"] && packages["alf"]["AuthBasic"])
	require.Equal(t, []string{"alf.Gone", "`alf.Config.Gone"}, unknown(packages, "alf.Gone `alf.Config.Gone` alf.Config.Origins alf.TokenError.Err"))
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".md") || slices.Contains(outdated, file) {
			continue
		}
		for _, name := range unknown(packages, read(t, file)) {
			t.Errorf("%s: there is no %s", file, name)
		}
	}
}

// Code in doc comments is Go, and names what exists.
func TestGoDoc_CodeIsGo(t *testing.T) {
	packages := packageNames(t)
	for _, folder := range documented {
		p := documentation(t, folder)
		texts := []string{p.Doc}
		for _, function := range p.Funcs {
			texts = append(texts, function.Doc)
		}
		for _, kind := range p.Types {
			texts = append(texts, kind.Doc)
			for _, method := range append(kind.Funcs, kind.Methods...) {
				texts = append(texts, method.Doc)
			}
		}
		for _, text := range texts {
			for _, name := range unknown(packages, text) {
				t.Errorf("%s: there is no %s", folder, name)
			}
			for _, block := range p.Parser().Parse(text).Content {
				code, isCode := block.(*comment.Code)
				if isCode && isGo(code.Text) && !parses(code.Text) {
					t.Errorf("%s: this is not Go:\n%s", folder, code.Text)
				}
			}
		}
	}
}

// isGo distinguishes code from tables and commands.
func isGo(code string) bool {
	return strings.Contains(code, ":=") || strings.Contains(code, "(ctx") || strings.Contains(code, "func ")
}
