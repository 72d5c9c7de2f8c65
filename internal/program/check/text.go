package check

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// shownValue bounds what is shown of one value that came from a server, in characters.
	shownValue = 200
	// readValue bounds what is looked at for it, in bytes.
	readValue = 64 << 10
	// ownSegment is from how many characters on a part of a token is taken for it wherever it turns up.
	ownSegment = 16
	shortest   = 4
)

// conceal notes what no text may show from now on, in whatever form it is sent. To take out a secret as short as a
// syllable would reveal it, and spoil every text.
func (c *checkup) conceal(secret string) {
	if len(secret) < shortest {
		return
	}
	c.secrets = append(c.secrets, secret, url.QueryEscape(secret))
	for part := range strings.SplitSeq(secret, ".") {
		if len(part) >= ownSegment {
			c.secrets = append(c.secrets, part)
		}
	}
}

// untrusted removes secrets and control characters from a server's text, and bounds it.
func (c *checkup) untrusted(text string) string { return clean(text, c.secrets) }

func clean(text string, secrets []string) string {
	if len(text) > readValue {
		return "[too long to show]" // and a secret that the cut goes through would not be recognised
	}
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > shownValue {
		text = string(runes[:shownValue-3]) + "..."
	}
	return text
}

// untrustedList shows as much of a server's list as a person reads.
func (c *checkup) untrustedList(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return c.untrusted(strings.Join(values[:min(len(values), 100)], ", "))
}

// shownURL is an address without what may be secret in it.
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

func shownAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	return shownURL(u)
}
