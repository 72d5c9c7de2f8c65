package repository

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fenced     = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)

	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// anchors returns what GitHub and its like make of the headings of a document.
func anchors(markdown string) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(markdown, ""), -1) {
		var anchor strings.Builder
		for _, r := range strings.ToLower(linkTarget.ReplaceAllString(match[1], "")) {
			switch {
			case r == ' ':
				anchor.WriteByte('-')
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				anchor.WriteRune(r)
			}
		}
		found[anchor.String()] = true
	}
	return found
}

// Links within the repository lead to a file, and to a heading in it.
func TestDocuments_LinksLeadSomewhere(t *testing.T) {
	all := files(t)
	exists := existing(all)
	for _, file := range all {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		for _, match := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, file), ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if target == "" {
				target = file
			} else {
				target = path.Join(path.Dir(file), target)
			}
			switch {
			case !exists[target]:
				t.Errorf("%s: the link %s leads nowhere", file, match[1])
			case anchor != "" && !anchors(read(t, target))[anchor]:
				t.Errorf("%s: the link %s leads to no heading", file, match[1])
			}
		}
	}
}

// pathLike is a page or a file as comments and messages name it, from the top folder.
var pathLike = regexp.MustCompile(`\b(?:docs|examples|findings|interop|sim|alfgrpc|alfotel|alfprom|redisstore|bench)/[\w/-]+\.(?:md|go|sh|yaml|yml)\b`)

// What comments and messages of the code refer to is there too.
func TestDocuments_PathsInCodeLeadSomewhere(t *testing.T) {
	all := files(t)
	exists := existing(all)
	found := 0
	for _, file := range all {
		if !strings.HasSuffix(file, ".go") || strings.HasPrefix(file, "internal/repository/") {
			continue
		}
		for _, named := range pathLike.FindAllString(read(t, file), -1) {
			found++
			if !exists[named] && !exists[path.Join(path.Dir(file), named)] {
				t.Errorf("%s: there is no %s", file, named)
			}
		}
	}
	if found == 0 {
		t.Error("no path is found, so none is checked")
	}
}

// The map in DESIGN.md has every file of the packages that a request and a refresh pass.
func TestDocuments_DesignMapsEveryFile(t *testing.T) {
	design := read(t, "DESIGN.md")
	for _, file := range files(t) {
		switch path.Dir(file) {
		case ".", "internal/transport", "manager", "internal/core", "fetcher":
			isCode := strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go")
			if isCode && !strings.Contains(design, "`"+path.Base(file)+"`") {
				t.Errorf("DESIGN.md: the map lacks %s", file)
			}
		}
	}
}

// existing returns all files and the folders they are in.
func existing(files []string) map[string]bool {
	found := map[string]bool{}
	for _, file := range files {
		for ; file != "."; file = path.Dir(file) {
			found[file] = true
		}
	}
	return found
}
