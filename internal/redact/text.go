package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isBreak(c rune) bool { return c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' }

// Printable replaces the characters of s that could forge a log line or control a terminal.
func Printable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case isBreak(c):
			return ' '
		case unicode.IsPrint(c):
			return c
		}
		return utf8.RuneError
	}, s)
}

// wholeRunes removes a character that a cut has split from the end of s.
func wholeRunes(s string) string {
	for i := 0; i < utf8.UTFMax && s != ""; i++ {
		if last, size := utf8.DecodeLastRuneInString(s); last != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// ellipsis shortens s to MaxText bytes. A text that is not whole is marked; cut says that it was shortened before.
func ellipsis(s string, cut bool) string {
	const mark = "…"
	if !cut && len(s) <= MaxText {
		return s
	}
	end := min(len(s), MaxText-len(mark))
	for end > 0 && end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
