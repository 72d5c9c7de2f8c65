package format

import "strings"

// ShellWord protects a word from a POSIX shell, if need be.
func ShellWord(word string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("+-_.,:/@%=", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
