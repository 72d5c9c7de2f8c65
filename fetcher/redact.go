package fetcher

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redaction = "[redacted]"
	// shownText bounds every piece of foreign text in an error, in bytes.
	shownText = 1 << 10
	// encodingDepth is how many encodings on top of each other are seen
	// through: JSON that quotes a log line in JSON that quotes a form. Each
	// can make six characters of one, which is the longest a secret can get.
	encodingDepth = 3
	encodedLength = 6 * 6 * 6
	// farthest bounds the work on a text that someone made up to be costly.
	farthest = 64 << 10
)

// secretMembers finds the members that carry a secret in whatever looks like
// JSON, a form or XML. The value is the group that matched; without an end, it
// goes to the end of the text.
var secretMembers = regexp.MustCompile(`(?is)(?:(?:access|refresh|id)_?token|client_?(?:secret|assertion))["']?\s*[:=>]\s*` +
	`(?:"((?:[^"\\]|\\.)*)|'([^']*)|([^\s"'&,;<>{}\[\]]+))`)

// redactor makes foreign text fit to be seen: without the secrets it knows,
// without control characters, and bounded.
type redactor struct {
	needles []string
	longest int
}

func newRedactor(secrets []string) *redactor {
	r := &redactor{}
	for _, s := range secrets {
		// A form writes a blank as plus, and no decoder can know which it was.
		for _, needle := range []string{s, strings.ReplaceAll(s, " ", "+")} {
			if needle != "" && !slices.Contains(r.needles, needle) {
				r.needles = append(r.needles, needle)
				r.longest = max(r.longest, len(needle))
			}
		}
	}
	return r
}

// basicForms returns the Basic credentials as they may be echoed: either
// style, either alphabet, with or without the padding.
func basicForms(id, secret string) []string {
	var forms []string
	for _, pair := range []string{id + ":" + secret, url.QueryEscape(id) + ":" + url.QueryEscape(secret)} {
		for _, encoding := range []*base64.Encoding{
			base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
		} {
			forms = append(forms, encoding.EncodeToString([]byte(pair)))
		}
	}
	return forms
}

var sensitiveName = regexp.MustCompile(`(?i)secret|password|passwd|token|assertion|key|auth|cookie|credential|signature`)

// sensitiveValues are the values of those headers or parameters whose name
// says that they are secret. All of them would be too many: a language of
// "en" would take every "en" out of a message.
func sensitiveValues(m map[string][]string) []string {
	var values []string
	for name, vs := range m {
		if sensitiveName.MatchString(name) {
			values = append(values, vs...)
		}
	}
	return values
}

// clean returns at most limit bytes of text, redacted and printable. What is
// cut off is cut off after redaction: half a secret is no longer recognised.
func (r *redactor) clean(text string, limit int) string {
	// No further than a secret that begins within the limit can reach. Where
	// that is too far to look, nothing is better than half a secret.
	reach := encodedLength * r.longest
	if reach > farthest && len(text) > limit+farthest {
		return redaction
	}
	spans := r.find(text[:min(len(text), limit+reach)])
	cut := len(text) > limit
	if cut {
		text = text[:limit]
		for i := 0; i < utf8.UTFMax && len(text) > 0; i++ {
			if last, size := utf8.DecodeLastRuneInString(text); last != utf8.RuneError || size != 1 {
				break
			}
			text = text[:len(text)-1]
		}
	}
	var b strings.Builder
	done := 0
	for _, s := range spans {
		if s.from >= len(text) {
			break
		}
		b.WriteString(printable(text[done:s.from]))
		b.WriteString(redaction)
		done = min(s.to, len(text))
	}
	b.WriteString(printable(text[done:]))
	return ellipsis(b.String(), limit, cut)
}

// find returns where the secrets are, in order and without overlaps.
func (r *redactor) find(text string) []span {
	var spans []span
	for _, v := range plainView(text).views(encodingDepth) {
		for _, needle := range r.needles {
			spans = appendMatches(spans, v, []byte(needle))
		}
		for _, groups := range secretMembers.FindAllSubmatchIndex(v.text, -1) {
			for i := 2; i < len(groups); i += 2 {
				if from, to := groups[i], groups[i+1]; from < to {
					spans = append(spans, v.span(from, to))
				}
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	merged := spans[:0]
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.from <= merged[last].to {
			merged[last].to = max(merged[last].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// appendMatches finds overlapping matches too: of "ababab" a secret "abab"
// must not leave "ab".
func appendMatches(spans []span, v view, needle []byte) []span {
	for from := 0; ; {
		i := bytes.Index(v.text[from:], needle)
		if i < 0 {
			return spans
		}
		from += i
		spans = append(spans, v.span(from, from+len(needle)))
		from++
	}
}

// header returns a copy of h for an error: cookies are credentials, and a
// redirect's query often is.
func (r *redactor) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Set-Cookie", "Set-Cookie2":
			continue
		case "Location", "Content-Location":
			values = slices.Clone(values)
			for i := range values {
				values[i] = bareURL(values[i])
			}
		}
		for _, value := range values {
			out[name] = append(out[name], r.clean(value, shownText))
		}
	}
	return out
}

func isBreak(c rune) bool { return c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' }

// printable takes out what could forge a log line or steer a terminal.
func printable(s string) string {
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

// ellipsis cuts s to limit bytes and marks it, if it was not whole already.
func ellipsis(s string, limit int, cut bool) string {
	const mark = "…"
	if !cut && len(s) <= limit {
		return s
	}
	end := min(len(s), max(0, limit-len(mark)))
	for end > 0 && end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
