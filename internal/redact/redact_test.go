package redact

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// steps returns what a text costs.
func steps(secrets []string, text string) int {
	r := New(secrets)
	r.Text(text)
	return maxSteps - r.steps
}

// A step takes some nanoseconds: an ordinary text costs microseconds, whatever its length.
func TestF9_TheCostDoesNotGrowWithTheText(t *testing.T) {
	secrets := append([]string{"s3cr3t/+&"}, BasicForms("client-7", "s3cr3t/+&")...)
	for name, piece := range map[string]string{
		"a page": `<p class="x">The request "was" not understood.</p>`, "entities": "&lt;p&gt; a &amp; b; ", "percent": "a%20b%2Fc&d=e%41",
		"JSON": `{\"message\":\"no\",\n`, "members": `"access_token": `, "hostile": "%25%5C&amp;&#37;",
	} {
		short, long := steps(secrets, strings.Repeat(piece, MaxText/len(piece))), steps(secrets, strings.Repeat(piece, 64<<10/len(piece)))
		require.LessOrEqual(t, long, short+short/2+1000, name)
		require.Less(t, long, 80_000, name)
	}
	require.Less(t, steps(secrets, strings.Repeat("words and more of them, ", 3000)), 5000)
}

// What one error shows is bounded as a whole.
func TestF9_HostileTextsAreNotShownOnceTheyCostTooMuch(t *testing.T) {
	r := New([]string{strings.Repeat("s", 1000)})
	for range 10 {
		r.Text(strings.Repeat("s", 3000))
	}
	require.Equal(t, Redaction, r.Text("words"))
}

func TestM19_EncodingsOnTopOfEachOther(t *testing.T) {
	r := New([]string{`a"b&c<\d`})
	for _, text := range []string{
		`a"b&c<\d`, `a\"b&c<\\d`, `a\\\"b&c<\\\\d`, `a&quot;b&amp;c&lt;\d`, `a&amp;quot;b&amp;amp;c&amp;lt;\d`, `a%22b%26c%3C%5Cd`,
		`a%2522b%2526c%253C%255Cd`, `a\u0022b\u0026c\u003c\u005cd`, `a%5C%22b%26c%3C%5C%5Cd`, `a&#x22;b&#38;c&#x3C;&#92;d`,
		`%61%22%62%26%63%3C%5C%64`, `\u0061"b&c<\\d`,
	} {
		require.Equal(t, "x[redacted]y", r.Text("x"+text+"y"), text)
		require.Equal(t, "[redacted]", r.Text(text), text)
	}
	require.Equal(t, `a"b&c<\e`, r.Text(`a"b&c<\e`))
}

// "invalid_token" is the name of an error, not of a member.
func TestF5_NamesOfErrorsAreNotMembers(t *testing.T) {
	r := New(nil)
	require.Equal(t, `invalid_token: expired`, r.Text(`invalid_token: expired`))
	require.Equal(t, `id_token: [redacted]`, r.Text(`id_token: eyJ`))
	require.Equal(t, `{"id_token"=>"[redacted]"}`, r.Text(`{"id_token"=>"eyJ"}`))
}

func TestM19_HeadersAreBounded(t *testing.T) {
	h := http.Header{"Set-Cookie": {"a=b"}, "Location": {"https://h.example.com/p?code=x"}}
	for i := range 500 {
		h.Add(fmt.Sprintf("X-%03d", i), "v")
	}
	out := New(nil).Header(h)
	require.Len(t, out, 128)
	require.Equal(t, "https://h.example.com/p", out.Get("Location"))
	require.NotContains(t, out, "Set-Cookie")
}

func TestM19_AnErrorWithASecretIsReplaced(t *testing.T) {
	r := New([]string{"hidden-1"})
	inner := errors.New("hidden-1 is wrong")
	wrapped := fmt.Errorf("outer: %w", inner)
	got := r.Error(wrapped)
	require.Equal(t, "outer: [redacted] is wrong", got.Error())
	require.ErrorIs(t, got, inner)
	require.NoError(t, errors.Unwrap(got))
	harmless := fmt.Errorf("outer: %w", errors.New("reset"))
	require.Equal(t, harmless, r.Error(harmless))
	long := errors.New(strings.Repeat("x", 9<<10))
	require.LessOrEqual(t, len(r.Error(long).Error()), MaxText)
}

func FuzzM19_NoSecretIsLeft(f *testing.F) {
	f.Add("before s3cr3t/&é after", 3)
	f.Add(`{"access_token":"x\"y"}`, 0)
	f.Add(`%25%32%35&#37;\u0025`, 1)
	f.Fuzz(func(t *testing.T, text string, at int) {
		const secret = "s3cr3t/&é"
		at = min(max(at, 0), len(text))
		out := New([]string{secret}).Text(text[:at] + secret + text[at:])
		require.NotContains(t, out, secret)
		require.LessOrEqual(t, len(out), MaxText)
	})
}
