package check

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// challenge is what an API asks for (RFC 9110 section 11.6.1).
type challenge struct {
	scheme string
	params map[string]string
	given  string // as it came
}

func (c challenge) String() string { return strings.TrimRight(c.given, ", ") }

const maxChallenges = 8

var (
	challengeWord  = regexp.MustCompile(`(?:^|,)\s*([A-Za-z][A-Za-z0-9_-]*)`)
	challengeParam = regexp.MustCompile(`([A-Za-z_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)`)
	quotedText     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// readChallenges is lenient: it is for a person, who sees the whole as well.
func readChallenges(header http.Header) []challenge {
	var all []challenge
	for _, value := range header.Values("WWW-Authenticate") {
		if len(value) > readValue {
			continue
		}
		starts := challengeStarts(value)
		for i, at := range starts {
			end := len(value)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			if len(all) == maxChallenges {
				return all
			}
			all = append(all, newChallenge(value[at[0]:at[1]], value[at[0]:end]))
		}
	}
	return all
}

// challengeStarts finds the schemes: words that no "=" follows, and not within quotes, which may hold anything.
func challengeStarts(value string) [][2]int {
	blank := quotedText.ReplaceAllStringFunc(value, func(s string) string { return `"` + strings.Repeat("_", len(s)-2) + `"` })
	var starts [][2]int
	for _, at := range challengeWord.FindAllStringSubmatchIndex(blank, -1) {
		if !strings.HasPrefix(strings.TrimLeft(blank[at[3]:], " \t"), "=") {
			starts = append(starts, [2]int{at[2], at[3]})
		}
	}
	return starts
}

func newChallenge(scheme, given string) challenge {
	c := challenge{scheme, make(map[string]string), given}
	for _, param := range challengeParam.FindAllStringSubmatch(given, -1) {
		value := param[2]
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		c.params[strings.ToLower(param[1])] = value
	}
	return c
}

func offers(all []challenge, scheme string) bool {
	for _, c := range all {
		if strings.EqualFold(c.scheme, scheme) {
			return true
		}
	}
	return false
}
