// Package suggest finds the name that was probably meant by one that does not exist.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest is the known name that was probably meant; "" if none is near enough to be worth a guess.
func Nearest(name string, known []string) string {
	best, least := "", (len(name)+1)/3+1
	part, leastPart := "", 0
	for _, k := range known {
		away := distance(strings.ToLower(name), strings.ToLower(k))
		if away < least {
			best, least = k, away
		}
		if shareWords(name, k) && (part == "" || away < leastPart) {
			part, leastPart = k, away
		}
	}
	// Words that were left out or added count for more than letters do, unless it is one letter: secret_file is
	// client_secret_file, not cert_file, and store_uri is store_url, not store.
	if part != "" && least > 1 {
		return part
	}
	return best
}

// Phrase is what follows an unknown name in an error; %q or the like shows the guess.
func Phrase(form, name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return ": did you mean " + fmt.Sprintf(form, near) + "?"
	}
	return ""
}

// shareWords reports whether one name has all words of the other.
func shareWords(a, b string) bool {
	words := func(name string) map[string]bool {
		set := make(map[string]bool)
		for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' }) {
			set[word] = true
		}
		return set
	}
	few, many := words(a), words(b)
	if len(few) > len(many) {
		few, many = many, few
	}
	for word := range few {
		if !many[word] {
			return false
		}
	}
	return len(few) > 0
}

// distance counts the letters to add, leave out, change or swap with the next one to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
