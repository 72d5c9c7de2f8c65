package fetcher

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// refusal is what a response says that is an error, in the server's words: RFC 6749 section 5.2, and the forms of
// servers that do not know it.
type refusal struct{ code, description, uri string }

// readRefusal reads it. The code is "" if the response has no OAuth error.
func readRefusal(resp *response) refusal {
	m := resp.members
	if m == nil && resp.status >= 400 {
		m = formMembers(resp.body)
	}
	code, _ := m.text("error")
	description, _ := m.text("error_description")
	uri, _ := m.text("error_uri")
	if strings.EqualFold(code, http.StatusText(resp.status)) {
		code = "" // frameworks put the name of the status into the same member
	}
	if description == "" {
		description = m.words()
	}
	if description == "" && code == "" && resp.status >= 400 {
		description = otherWords(resp)
	}
	return refusal{code, description, uri}
}

// isError reports whether a response is an error, by its status or, as at osin, by its content alone.
func (r refusal) isError(resp *response) bool { return r.code != "" || !resp.isSuccess() }

// formMembers reads an error that is form-encoded, as GitHub sends it.
func formMembers(body []byte) members {
	if !bytes.HasPrefix(body, []byte("error=")) && !bytes.Contains(body, []byte("&error=")) {
		return nil
	}
	form, err := url.ParseQuery(string(bytes.TrimSpace(body[:min(len(body), 8<<10)])))
	if err != nil {
		return nil
	}
	var m members
	for _, name := range []string{"error", "error_description", "error_uri"} {
		if value := form.Get(name); value != "" {
			quoted, _ := json.Marshal(value)
			m = append(m, member{name, quoted})
		}
	}
	return m
}

// messageMembers are where servers put a sentence: RFC 9457 (detail, title), Spring Boot and many others (message),
// Okta (errorSummary), gateways of AWS (Message), and some more.
var messageMembers = []string{
	"message", "detail", "errorSummary", "error_message", "errorMessage", "Message", "errorDescription", "description", "reason", "msg", "title",
}

// words returns what a server says otherwise.
func (m members) words() string {
	for _, name := range messageMembers {
		if text, _ := m.text(name); text != "" {
			return text
		}
	}
	// Google has {"error":{"message":...}}, Apigee {"fault":{"faultstring":...}}.
	for _, name := range []string{"error", "fault", "Error"} {
		inner := m.object(name)
		if text, _ := inner.text("faultstring"); text != "" {
			return text
		}
		if inner != nil {
			if text := inner.words(); text != "" {
				return text
			}
		}
	}
	// JSON:API has {"errors":[{"detail":...}]}, GraphQL gateways and others {"errors":[{"message":...}]} or a list of
	// strings.
	for _, name := range []string{"errors", "errorCauses"} {
		if text := firstWords(m.get(name)); text != "" {
			return text
		}
	}
	return ""
}

// firstWords returns the first sentence in a list of errors, or in an object of lists by field.
func firstWords(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		return unquote(value)
	case '{':
		inner := split(value)
		if text := inner.words(); text != "" {
			return text
		}
		for _, one := range inner {
			if one.value[0] == '[' || one.value[0] == '"' {
				return firstWords(one.value)
			}
		}
	case '[':
		s := syntax{text: value, at: 1}
		s.skip()
		if s.text[s.at] != ']' {
			return firstWords(s.value())
		}
	}
	return ""
}

// challengeWords is error_description of RFC 6750 section 3. A bound on its length in the expression would cost every
// program that imports this package half a megabyte when it starts.
var challengeWords = regexp.MustCompile(`(?i)error_description="((?:[^"\\]|\\.)+)"`)

// longestWords is how long a description in a challenge may be.
const longestWords = 500

// shortText is how long a body may be that is shown as what the server says.
const shortText = 200

// title returns the title of a page; "" if it has none, or a long one.
func title(page []byte) string {
	lower := bytes.ToLower(page)
	start := bytes.Index(lower, []byte("<title"))
	if start < 0 {
		return ""
	}
	length := bytes.Index(lower[start:], []byte("</title>"))
	if length < 0 {
		return ""
	}
	_, text, _ := bytes.Cut(page[start:start+length], []byte(">"))
	if text = bytes.TrimSpace(text); len(text) > shortText {
		return ""
	}
	return html.UnescapeString(string(text))
}

// otherWords returns what a response without JSON says: in its challenge, as a short text, or in the title of a page.
func otherWords(resp *response) string {
	for _, challenge := range resp.header.Values("WWW-Authenticate") {
		if found := challengeWords.FindStringSubmatch(challenge[:min(len(challenge), 4<<10)]); found != nil && len(found[1]) <= longestWords {
			return found[1]
		}
	}
	if resp.members != nil {
		return ""
	}
	text := ""
	switch body := bytes.TrimSpace(resp.body); {
	case bytes.HasPrefix(body, []byte("<")):
		text = title(body[:min(len(body), 4<<10)])
	case len(body) <= shortText && !bytes.HasPrefix(body, []byte("{")) && !bytes.HasPrefix(body, []byte("[")):
		text = string(body)
	}
	// What repeats the status says nothing new.
	for _, known := range []string{wire.Status(resp.status), http.StatusText(resp.status)} {
		if strings.EqualFold(text, known) {
			return ""
		}
	}
	return text
}
