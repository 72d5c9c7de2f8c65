package conformance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// TestM19_NothingSecretIsSeen looks for the client secret and for every token's value in all that is ever printed:
// events, log, statistics, errors and the responses in them, and the client itself, however they are printed. The
// servers are careless ones that repeat what they are sent.
func TestM19_NothingSecretIsSeen(t *testing.T) {
	var found atomic.Bool
	inSomeWorlds(t, func(t *testing.T, seen *seen) {
		everything := strings.Join(seen.everything(), "\n")
		for _, secret := range seen.secrets() {
			require.NotContains(t, everything, secret)
		}
		if strings.Contains(everything, "no to [redacted] with") {
			found.Store(true)
		}
	})
	require.True(t, found.Load(), "no response that was redacted has been seen: the test proves nothing")
}

// secrets are those of a world, in every form in which they are sent.
func (s *seen) secrets() []string {
	encoded := url.QueryEscape(clientID) + ":" + url.QueryEscape(clientSecret)
	return append([]string{
		clientSecret, url.QueryEscape(clientSecret),
		base64.StdEncoding.EncodeToString([]byte(encoded)), base64.StdEncoding.EncodeToString([]byte(clientID + ":" + clientSecret)),
	}, s.tokens...)
}

// everything is all that can be printed of what was seen.
func (s *seen) everything() (texts []string) {
	texts = append(texts, s.log.String())
	texts = append(texts, s.printed...)
	texts = append(texts, printed(s.before)...)
	texts = append(texts, printed(s.after)...)
	for _, e := range s.events {
		texts = append(texts, printed(e)...)
		if e.Err != nil {
			texts = append(texts, ofError(e.Err)...)
		}
	}
	for _, err := range s.errors {
		texts = append(texts, ofError(err)...)
	}
	return texts
}

func ofError(err error) []string {
	texts := printed(err)
	if e, ok := errors.AsType[*alf.EndpointError](err); ok {
		texts = append(texts, e.Description, e.Body)
	}
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		texts = append(texts, string(e.Body), e.ErrorDescription)
		texts = append(texts, printed(e)...)
	}
	return texts
}

// printed is v in every way people print things.
func printed(v any) []string {
	asJSON, err := json.Marshal(v)
	if err != nil {
		asJSON = []byte(err.Error())
	}
	return []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), string(asJSON)}
}

// logLine is what is looked at of a logged event.
type logLine struct {
	Msg          string
	Fetch, Token uint64
}

func logLines(t *testing.T, s *seen) (lines []logLine) {
	for text := range bytes.Lines(s.log.Bytes()) {
		var l logLine
		require.NoError(t, json.Unmarshal(text, &l))
		lines = append(lines, l)
	}
	return lines
}
