package files

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text returns the text in a file or variable, without what editors and shells add around it: line ends, a byte order
// mark and other white space. What begins with the byte order mark of UTF-16, as PowerShell writes files, is decoded.
func Text(content []byte) string {
	if len(content)%2 == 0 && len(content) >= 2 {
		switch string(content[:2]) {
		case "\xff\xfe":
			return Trim(fromUTF16(content, binary.LittleEndian))
		case "\xfe\xff":
			return Trim(fromUTF16(content, binary.BigEndian))
		}
	}
	return Trim(string(content))
}

func fromUTF16(content []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	return string(utf16.Decode(units))
}

// Trim removes line ends, byte order marks and other white space around s.
func Trim(s string) string { return strings.TrimFunc(s, isMargin) }

func isMargin(r rune) bool {
	const byteOrderMark, zeroWidthSpace = '\ufeff', '\u200b'
	return unicode.IsSpace(r) || r == byteOrderMark || r == zeroWidthSpace
}

// Margin names what [Trim] would remove from s; "" if that is nothing.
func Margin(s string) string {
	trimmed := Trim(s)
	if trimmed == s {
		return ""
	}
	switch rest := strings.Replace(s, trimmed, "", 1); {
	case trimmed == "":
		return "nothing but white space"
	case strings.Contains(rest, "\ufeff"):
		return "a byte order mark"
	case strings.ContainsAny(rest, "\r\n"):
		return "a line end"
	}
	return "white space"
}
