package repository

import (
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^(<!-- fragment -->\n)?```go\n(.*?)^```")

// Go code in documents stands in a Go file that is compiled, word for word. A fragment, such as a few fields, only has
// to parse.
func TestDocuments_CodeIsCompiledElsewhere(t *testing.T) {
	all := files(t)
	var compiled strings.Builder
	for _, file := range all {
		if strings.HasSuffix(file, ".go") {
			compiled.WriteString("\n" + unindented(read(t, file)))
		}
	}
	for _, file := range all {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		for _, match := range goBlock.FindAllStringSubmatch(read(t, file), -1) {
			fragment, block := match[1] != "", match[2]
			if !parses(block) {
				t.Errorf("%s: this is not Go:\n%s", file, block)
			}
			if !fragment && !strings.Contains(compiled.String(), "\n"+unindented(block)) {
				t.Errorf("%s: this stands in no Go file:\n%s", file, block)
			}
		}
	}
}

func unindented(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

// parses reports whether code is a file, declarations, statements or fields of a composite literal.
func parses(code string) bool {
	for _, around := range []string{"%", "package p\n%", "package p\nfunc _() {\n%\n}", "package p\nvar _ = T{\n%\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", strings.Replace(around, "%", code, 1), 0); err == nil {
			return true
		}
	}
	return false
}

var diffBlock = regexp.MustCompile("(?ms)^```diff\n(.*?)^```")

// What a diff in a document adds or leaves as it is stands in the file that it names.
func TestDocuments_DiffsAreOfThisCode(t *testing.T) {
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		for _, match := range diffBlock.FindAllStringSubmatch(read(t, file), -1) {
			content := ""
			for line := range strings.Lines(match[1]) {
				path, isFile := strings.CutPrefix(line, "+++ b/")
				switch {
				case isFile:
					content = unindented(read(t, strings.TrimSpace(path)))
				case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "-"):
				default:
					if code := unindented(line[1:]); !strings.Contains(content, strings.TrimSpace(code)) {
						t.Errorf("%s: this stands in the file no more: %s", file, line)
					}
				}
			}
		}
	}
}
