package repository

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const (
	lineWidth   = 120 // of comments
	tabWidth    = 4
	mostPrinted = 4000 // findings of one test
)

// findings are collected, so that one run shows them all.
type findings []string

func (f *findings) check(file string, line int, at place, text string) {
	split := wordsOf(text)
	for _, term := range list {
		if term.where&at == 0 || !term.in(file) {
			continue
		}
		if hit := term.find(split); hit != "" && !allowed(file, text) {
			*f = append(*f, fmt.Sprintf("%s:%d: %q is %s here: %.150q", file, line, hit, term.instead, text))
		}
	}
}

func (f *findings) report(t *testing.T) {
	for _, finding := range (*f)[:min(len(*f), mostPrinted)] {
		t.Error(finding)
	}
	if len(*f) > 0 {
		t.Errorf("%d in all; list_test.go has the list", len(*f))
	}
}

// in reports whether the term is looked for in file.
func (term *term) in(file string) bool {
	if term.within == "" {
		return true
	}
	for _, folder := range strings.Fields(term.within) {
		if strings.HasPrefix(file, folder+"/") || folder == "." && !strings.Contains(file, "/") {
			return true
		}
	}
	return false
}

// find returns the first alternative of the term that occurs among words.
func (term *term) find(words []string) string {
	for alternative := range strings.SplitSeq(term.words, " | ") {
		phrase := strings.Fields(alternative)
		for at := range len(words) - len(phrase) + 1 {
			if slices.EqualFunc(words[at:at+len(phrase)], phrase, matches) {
				return alternative
			}
		}
	}
	return ""
}

func matches(word, pattern string) bool {
	if prefix, isPrefix := strings.CutSuffix(pattern, "*"); isPrefix {
		return strings.HasPrefix(word, prefix)
	}
	return word == pattern
}

// wordsOf splits text into lower-case words: at everything that is not a letter, and where camel case begins a new one.
func wordsOf(text string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			endsLower := unicode.IsLower(runes[i-1])
			beginsWord := unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if endsLower || beginsWord {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return words
}

func TestTerms_WordsOfNames(t *testing.T) {
	require.Equal(t, []string{"http", "client"}, wordsOf("HTTPClient"))
	require.Equal(t, []string{"jwt", "answer", "of", "m"}, wordsOf("jwtAnswer_of M9"))
	require.NotEmpty(t, (&term{words: "usable end"}).find(wordsOf("the Usable\n end")))
	require.NotEmpty(t, (&term{words: "x | nudge*"}).find(wordsOf("nudgedOwner")))
	require.Empty(t, (&term{words: "due | usable end"}).find(wordsOf("overdue ends usable")))
}

func TestTerms_FileNames(t *testing.T) {
	var found findings
	for _, file := range files(t) {
		found.check(file, 0, fileNames, file)
	}
	found.report(t)
}

// Identifiers where they are declared, string literals except import paths, and comments.
func TestTerms_Go(t *testing.T) {
	var found findings
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, read(t, file), parser.ParseComments)
		require.NoError(t, err)
		line := func(at token.Pos) int { return set.Position(at).Line }
		for _, group := range parsed.Comments {
			found.check(file, line(group.Pos()), comments, group.Text())
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BasicLit:
				if node.Kind == token.STRING {
					text, err := strconv.Unquote(node.Value)
					require.NoError(t, err)
					found.check(file, line(node.Pos()), messages, text)
				}
			default:
				for _, name := range declared(node) {
					found.check(file, line(name.Pos()), identifiers, name.Name)
				}
			}
			return true
		})
	}
	found.report(t)
}

// declared returns the names that node itself declares.
func declared(node ast.Node) []*ast.Ident {
	switch node := node.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{node.Name}
	case *ast.TypeSpec:
		return []*ast.Ident{node.Name}
	case *ast.ValueSpec:
		return node.Names
	case *ast.Field:
		return node.Names
	case *ast.LabeledStmt:
		return []*ast.Ident{node.Label}
	case *ast.AssignStmt:
		if node.Tok == token.DEFINE {
			return onlyNames(node.Lhs...)
		}
	case *ast.RangeStmt:
		if node.Tok == token.DEFINE {
			return onlyNames(node.Key, node.Value)
		}
	}
	return nil
}

func onlyNames(expressions ...ast.Expr) []*ast.Ident {
	var names []*ast.Ident
	for _, e := range expressions {
		if name, ok := e.(*ast.Ident); ok {
			names = append(names, name)
		}
	}
	return names
}

var codeSpan = regexp.MustCompile("`[^`\n]*`")

// proseOf returns Markdown with code and addresses blanked, so that line numbers stay.
func proseOf(markdown string) string {
	blank := func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) }
	for _, what := range []*regexp.Regexp{fenced, codeSpan, linkTarget} {
		markdown = what.ReplaceAllStringFunc(markdown, blank)
	}
	return markdown
}

// Paragraphs, because a phrase may be broken over two lines; code in Markdown is compared with Go code elsewhere.
func TestTerms_Documents(t *testing.T) {
	var found findings
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		line := 1
		for paragraph := range strings.SplitAfterSeq(proseOf(read(t, file)), "\n\n") {
			found.check(file, line, prose, paragraph)
			line += strings.Count(paragraph, "\n")
		}
	}
	found.report(t)
}

// isScript reports whether a file is a program in another language than Go, or a configuration of one.
func isScript(file string) bool {
	switch path.Ext(file) {
	case ".sh", ".mjs", ".js", ".rb", ".py", ".yml", ".tmpl", ".conf", ".sql":
		return true
	}
	return strings.HasPrefix(file, ".ci/")
}

// Scripts explain themselves in comments and in what they print. A phrase may be broken over two lines of a comment.
func TestTerms_Scripts(t *testing.T) {
	var found findings
	for _, file := range files(t) {
		if !isScript(file) {
			continue
		}
		lines := strings.Split(read(t, file), "\n")
		for i, line := range lines {
			found.check(file, i+1, comments|messages, line)
		}
	}
	found.report(t)
}

var (
	commentLine = regexp.MustCompile(`^\s*//`)
	unbreakable = regexp.MustCompile(`^\s*//\s*\S+$|^//go:|https?://`) // one long word, a directive, an address
)

func TestTerms_CommentsHaveOneWidth(t *testing.T) {
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		isOutput := false // of an example, which is as wide as what it prints
		for i, line := range strings.Split(read(t, file), "\n") {
			isComment := commentLine.MatchString(line)
			isOutput = isComment && (isOutput || strings.Contains(line, "// Output:"))
			width := utf8.RuneCountInString(line) + (tabWidth-1)*strings.Count(line, "\t")
			if width > lineWidth && isComment && !isOutput && !unbreakable.MatchString(line) {
				t.Errorf("%s:%d: a comment is %d columns wide; %d is the limit", file, i+1, width, lineWidth)
			}
		}
	}
}
