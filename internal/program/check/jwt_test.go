package check

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestJWT_WhatIsNone(t *testing.T) {
	good := jwtOf(ordinaryClaims())
	_, ok := readJWT(good)
	require.True(t, ok)
	_, ok = readJWT(strings.Replace(good, ".", "==.", 1))
	require.True(t, ok, "padded")
	for _, token := range []string{
		"", ".", "..", "a.b.c", "e30.e30.x", good + ".x", strings.Split(good, ".")[0], "eyJhbGciOiJub25lIn0.W10.x", "eyJhbGciOiJub25lIn0.e30x.",
		good + strings.Repeat("x", maxJWT),
	} {
		_, ok := readJWT(token)
		require.False(t, ok, token)
	}
}

// FuzzJWT checks that what is reported of a token is bounded, printable and without the token.
func FuzzJWT(f *testing.F) {
	for _, seed := range []string{
		jwtOf(ordinaryClaims()), jwtOf(map[string]any{"aud": []any{1, nil}, "exp": -1e99, "iat": "x", "cnf": map[string]any{"jwk": map[string]any{"d": "x"}}}),
		"eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOnt9fQ.eyJleHAiOm51bGx9.x", "eyJhbGciOiIifQ.a.b.c.d", "a.b.c", "..", "",
		jwtOf(map[string]any{"sub": theSignature, "iss": strings.Repeat("\x1b\u202e", 5000), "scope": []string{"a", "\n"}}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		read, ok := readJWT(token)
		if !ok {
			return
		}
		c := new(checkup)
		c.conceal(token)
		lines := read.describe(c.secrets, time.Unix(1e9, 0))
		require.LessOrEqual(t, len(lines), 1+len(shownClaims))
		for _, line := range lines {
			require.True(t, utf8.ValidString(line))
			require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", line)
			require.LessOrEqual(t, utf8.RuneCountInString(line), 4*shownValue)
			for part := range strings.SplitSeq(token, ".") {
				if len(part) >= ownSegment && !strings.Contains("[redacted]", part) {
					require.NotContains(t, line, part)
				}
			}
		}
	})
}

func TestChallenges(t *testing.T) {
	for given, want := range map[string][]string{
		``:                               nil,
		`Bearer`:                         {"Bearer"},
		`Basic, Bearer realm="x"`:        {"Basic", "Bearer"},
		`Negotiate abc==, Basic realm=x`: {"Negotiate", "Basic"},
		`Bearer error = "a, Basic b", error_description="\"c\", Digest d"`: {"Bearer"},
		`DPoP algs="ES256 PS256",error=invalid_token`:                      {"DPoP"},
		strings.Repeat("A, ", 20):                                          {"A", "A", "A", "A", "A", "A", "A", "A"},
		`"unclosed, Bearer`:                                                {"Bearer"},
	} {
		var schemes []string
		for _, c := range readChallenges(http.Header{"Www-Authenticate": {given}}) {
			schemes = append(schemes, c.scheme)
		}
		require.Equal(t, want, schemes, given)
	}
	all := readChallenges(http.Header{"Www-Authenticate": {`Bearer Error="invalid_token", error_description="say \"please\"", scope=a`}})
	require.Equal(t, map[string]string{"error": "invalid_token", "error_description": `say "please"`, "scope": "a"}, all[0].params)
}

const theSignature = "c2lnbmF0dXJlLW9mLXRoZS1zZXJ2ZXI"

// jwtOf makes one without a signature.
func jwtOf(claims map[string]any) string {
	content, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"at+jwt","kid":"2025"}`)) + "." + encode(content) + "." + theSignature
}

func ordinaryClaims() map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": "https://idp.example.com", "sub": "me", "aud": []string{"https://api.example.com"}, "scope": "read",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}
