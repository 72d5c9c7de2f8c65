package redact

import (
	"slices"
	"strings"
)

const (
	// Redaction takes the place of a secret.
	Redaction = "[redacted]"
	// MaxText bounds every piece of untrusted text that is shown, in bytes.
	MaxText = 1 << 10
	// maxSteps bounds the work of a Redactor, some milliseconds, on texts that were made up to be costly. An ordinary
	// text of MaxText bytes takes a few hundred steps.
	maxSteps = 1_000_000
)

// Redactor removes the secrets that it knows, and the values of members that are secret by their name. It is for the
// texts of one error: together they may take some milliseconds, and those that are left then are not shown. It is not
// safe for concurrent use. Make one with New.
type Redactor struct {
	secrets []string
	// byFirst lists, for each byte, the secrets that begin with it.
	byFirst [256][]int
	// steps is how much work is left.
	steps int
}

// New returns a Redactor for secrets. Empty ones are ignored.
func New(secrets []string) *Redactor {
	r := &Redactor{steps: maxSteps}
	seen := make(map[string]bool, len(secrets))
	for _, s := range secrets {
		if s == "" || seen[s] {
			continue
		}
		seen[s] = true
		r.byFirst[s[0]] = append(r.byFirst[s[0]], len(r.secrets))
		r.secrets = append(r.secrets, s)
	}
	return r
}

// Text returns at most MaxText bytes of text, redacted and printable. The text is cut after redaction, because half a
// secret would not be recognised.
func (r *Redactor) Text(text string) string {
	spans, ok := r.find(text, min(len(text), MaxText))
	if !ok {
		return Redaction
	}
	cut := len(text) > MaxText
	if cut {
		text = wholeRunes(text[:MaxText])
	}
	var b strings.Builder
	done := 0
	for _, s := range spans {
		if s.from >= len(text) {
			break
		}
		b.WriteString(Printable(text[done:s.from]))
		b.WriteString(Redaction)
		done = min(s.to, len(text))
	}
	b.WriteString(Printable(text[done:]))
	return ellipsis(b.String(), cut)
}

// span is a piece of the original text.
type span struct{ from, to int }

// find returns where the secrets are that begin before limit, in order and without overlaps; false if that was too
// costly to find out.
func (r *Redactor) find(text string, limit int) ([]span, bool) {
	s := &scanner{text: text, limit: limit, steps: r.steps}
	defer func() { r.steps = s.steps }()
	var spans []span
	for i := 0; i < limit; i++ {
		if end := r.secretAt(s, i); end > i {
			spans = append(spans, span{i, end})
		}
		if value, ok := s.member(i); ok {
			spans = append(spans, value)
		}
		if s.steps <= 0 {
			return nil, false
		}
	}
	return merge(spans), true
}

// merge sorts spans and unites those that touch. Overlapping matches count too: of "ababab", the secret "abab" must not
// leave "ab".
func merge(spans []span) []span {
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

// secretAt returns the end of the longest secret that begins at i; i if there is none.
func (r *Redactor) secretAt(s *scanner, i int) int {
	end := i
	try := func(first byte, c char, skip int) {
		for _, n := range r.byFirst[first] {
			if rest, ok := c.consume(r.secrets[n], skip, false); ok {
				end = max(end, s.match(rest, i+c.n, false))
			}
		}
	}
	b := s.text[i]
	if !introduces(b) {
		c := literal(b)
		try(b, c, 0)
		if b != ' ' && standsForBlank(b) {
			try(' ', c, 0)
		}
		return end
	}
	read := s.readings(i)
	for _, c := range read.chars[:read.n] {
		// A secret may begin within what is encoded as one unit: that is taken whole.
		for skip := range c.size {
			try(c.decoded[skip], c, skip)
			if b := c.decoded[skip]; b != ' ' && standsForBlank(b) {
				try(' ', c, skip)
			}
		}
	}
	return end
}
