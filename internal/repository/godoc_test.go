package repository

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented are the folders of the packages that users import, those in modules of their own included.
var documented = []string{
	".", "manager", "fetcher", "keys", "dpop", "store", "filestore", "sim", "redisstore", "alfgrpc", "alfotel", "alfprom",
}

// documentation returns what go doc shows of a package, with its examples.
func documentation(t *testing.T, folder string) *doc.Package {
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, file := range files(t) {
		if path.Dir(file) != folder || !strings.HasSuffix(file, ".go") {
			continue
		}
		syntax, err := parser.ParseFile(set, file, read(t, file), parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, syntax)
	}
	found, err := doc.NewFromFiles(set, parsed, path.Join(module, folder))
	require.NoError(t, err)
	return found
}

// A reader of go doc sees first what the package is, then code, and then further headings.
func TestGoDoc_CodeComesFirst(t *testing.T) {
	for _, folder := range documented {
		p := documentation(t, folder)
		blocks := p.Parser().Parse(p.Doc).Content
		isCode := func(b comment.Block) bool { _, is := b.(*comment.Code); return is }
		isHeading := func(b comment.Block) bool { _, is := b.(*comment.Heading); return is }
		code := slices.IndexFunc(blocks, isCode)
		require.True(t, code > 0 && code <= 3, "%s: the package comment has no code at its beginning", folder)
		require.True(t, slices.ContainsFunc(blocks[code:], isHeading), "%s: no headings follow it", folder)
		isRun := func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }
		require.True(t, slices.ContainsFunc(examples(p), isRun), "%s has no example that is run", folder)
	}
}

// examples are those of a package and of all that it has.
func examples(p *doc.Package) []*doc.Example {
	all := slices.Clone(p.Examples)
	for _, function := range p.Funcs {
		all = append(all, function.Examples...)
	}
	for _, kind := range p.Types {
		all = append(all, kind.Examples...)
		for _, function := range slices.Concat(kind.Funcs, kind.Methods) {
			all = append(all, function.Examples...)
		}
	}
	return all
}

// linkLike is what would be a link if what it names existed, or were imported.
var linkLike = regexp.MustCompile(`\[\*?[A-Za-z]\w*(\.[A-Z]\w*){0,2}\]`)

// Links in comments of exported names lead to a name; go doc shows any other with its brackets.
func TestGoDoc_LinksLeadSomewhere(t *testing.T) {
	gone := documentation(t, ".").Parser().Parse("See [Client], [Gone] and [manager.Gone].").Content[0]
	require.Contains(t, strings.Join(plainText(gone), ""), "[Gone]", "the parser makes a link of any name")
	for _, folder := range documented {
		p := documentation(t, folder)
		texts := []string{p.Doc}
		values := func(all []*doc.Value) {
			for _, value := range all {
				texts = append(texts, value.Doc)
			}
		}
		functions := func(all []*doc.Func) {
			for _, function := range all {
				texts = append(texts, function.Doc)
			}
		}
		values(p.Consts)
		values(p.Vars)
		functions(p.Funcs)
		for _, kind := range p.Types {
			texts = append(texts, kind.Doc)
			values(kind.Consts)
			values(kind.Vars)
			functions(kind.Funcs)
			functions(kind.Methods)
		}
		for _, text := range texts {
			for _, block := range p.Parser().Parse(text).Content {
				for _, plain := range plainText(block) {
					if broken := linkLike.FindString(plain); broken != "" {
						t.Errorf("%s: %s leads nowhere: %.120q", folder, broken, plain)
					}
				}
			}
		}
	}
}

// plainText is what is in a block beside links and code.
func plainText(block comment.Block) (plain []string) {
	add := func(texts []comment.Text) {
		for _, text := range texts {
			if p, is := text.(comment.Plain); is {
				plain = append(plain, string(p))
			}
		}
	}
	switch block := block.(type) {
	case *comment.Paragraph:
		add(block.Text)
	case *comment.Heading:
		add(block.Text)
	case *comment.List:
		for _, item := range block.Items {
			for _, inner := range item.Content {
				plain = append(plain, plainText(inner)...)
			}
		}
	}
	return plain
}
