package fetcher_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func inJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return strings.Trim(string(b), `"`)
}

// upper writes every byte as %XX, lower every rune as \uxxxx: what no encoder does, but a decoder reads.
func upper(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func lower(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// echoes are the ways in which a server may repeat what it was sent.
func echoes(t *testing.T) map[string]string {
	return map[string]string{
		"raw":                    secret,
		"form-encoded":           url.QueryEscape(secret),
		"form-encoded lower":     strings.ToLower(url.QueryEscape(secret)),
		"path-escaped":           url.PathEscape(secret),
		"percent throughout":     upper(secret),
		"JSON":                   inJSON(t, secret),
		"JSON throughout":        lower(secret),
		"HTML":                   html.EscapeString(secret),
		"JSON in JSON":           inJSON(t, inJSON(t, secret)),
		"HTML in JSON":           inJSON(t, html.EscapeString(secret)),
		"form in form":           url.QueryEscape(url.QueryEscape(secret)),
		"Basic":                  b64(url.QueryEscape(clientID) + ":" + url.QueryEscape(secret)),
		"Basic raw":              b64(clientID + ":" + secret),
		"Basic without padding":  strings.TrimRight(b64(clientID+":"+secret), "="),
		"Basic URL alphabet":     base64.URLEncoding.EncodeToString([]byte(clientID + ":" + secret)),
		"Basic, percent-encoded": url.QueryEscape(b64(clientID + ":" + secret)),
		"Basic, in JSON":         strings.ReplaceAll(b64(clientID+":"+secret), "/", `\/`),
		"wrapped":                strings.ReplaceAll(secret, " ", "\n"),
	}
}

func TestF5_TheSecretIsRedactedInEveryEncoding(t *testing.T) {
	for name, echo := range echoes(t) {
		t.Run(name, func(t *testing.T) {
			quoted, err := json.Marshal("before " + echo + " after")
			require.NoError(t, err)
			for _, style := range []fetcher.AuthStyle{fetcher.Basic, fetcher.BasicRaw, fetcher.Post} {
				for body, code := range map[string]string{
					"<p>before " + echo + " after</p>":                                  "",
					fmt.Sprintf(`{"error":"odd","error_description":%s}`, quoted):       "odd",
					fmt.Sprintf(`{"error":"odd","error_uri":%s}`, quoted):               "odd",
					fmt.Sprintf(`{"error":%s}`, quoted):                                 "before [redacted] after",
					fmt.Sprintf(`{"x":{"request":%s}}`, quoted):                         "",
					fmt.Sprintf(`{"error":"odd","error_description":%s}`, quoted) + "}": "",
				} {
					cfg := config(always(400, body, "X-Debug", "before "+strings.ReplaceAll(echo, "\n", " ")+" after", "Set-Cookie", "session=1"))
					cfg.AuthStyle = style
					e := mustFail(t, cfg)
					require.Equal(t, code, e.Code)
					require.NotContains(t, everything(t, e), echo)
					require.NotContains(t, everything(t, e), secret)
					require.Contains(t, e.Body, "before [redacted] after")
					var retrieve *oauth2.RetrieveError
					require.ErrorAs(t, e, &retrieve)
					require.Equal(t, http.Header{"X-Debug": {"before [redacted] after"}}, retrieve.Response.Header)
				}
			}
		})
	}
}

func TestF5_SecretMembersAreRedacted(t *testing.T) {
	for _, body := range []string{
		`{"ok":1,"access_token":"leaky-value"}`,
		`{"a":{"refresh_token" : "leaky-value\" leaky-value"}}`,
		`{"log":"{\"id_token\":\"leaky-value\"}"}`,
		`{'client_secret': 'leaky-value'}`,
		`client_id=x&client_secret=leaky-value&x=y`,
		`client_assertion=leaky-value`,
		`{client_assertion: leaky-value}`,
		`<access_token>leaky-value</access_token>`,
		`{&quot;access_token&quot;:&quot;leaky-value&quot;}`,
		`body was grant_type%3Dx%26client_secret%3Dleaky-value%26x`,
		`{"ACCESS_TOKEN":"leaky-value`,
		`{"accessToken":"leaky-value"}`,
	} {
		e := mustFail(t, config(always(400, body)))
		require.NotContains(t, everything(t, e), "leaky-value", body)
		require.Contains(t, e.Body, "[redacted]", body)
	}
}

func TestF5_OrdinaryTextIsLeftAlone(t *testing.T) {
	const body = `{"error":"invalid_request","error_description":"Missing parameter: client_secret","n":"100% \u00e9 &amp; é"}`
	e := mustFail(t, config(always(400, body)))
	require.Equal(t, body, e.Body)
	require.Equal(t, "Missing parameter: client_secret", e.Description)
}

func TestF5_ATokenInARefusedResponseIsNotRepeated(t *testing.T) {
	e := mustFail(t, config(always(200, `{"error":"odd","error_description":"issued tok-77","access_token":"tok-77"}`, "X-Issued", "tok-77")))
	require.Equal(t, "issued [redacted]", e.Description)
	require.NotContains(t, everything(t, e), "tok-77")
}

func TestF5_RedactionComesBeforeTruncation(t *testing.T) {
	// Wherever the cut falls, no part of the secret stays: not even its start.
	const pw = "Zq7-Zq8-Zq9-Zq0-Zq1-Zq2-Zq3-Zq4"
	for pad := 1024 - len(pw) - 5; pad <= 1026; pad++ {
		for _, form := range []string{pw, upper(pw), lower(pw), "client_secret=" + pw, b64(clientID + ":" + pw)} {
			cfg := config(always(400, strings.Repeat("x", pad)+form+strings.Repeat("y", 500)))
			cfg.ClientSecret = fetcher.Secret(pw)
			e := mustFail(t, cfg)
			require.LessOrEqual(t, len(e.Body), 1024)
			require.NotContains(t, e.Body, "Zq", "%d", pad)
			require.NotContains(t, e.Body, "%5A", "%d", pad)
			require.NotContains(t, e.Body, `\u005a`, "%d", pad)
			require.NotContains(t, e.Body, b64(clientID + ":")[:8], "%d", pad)
		}
	}
}

func TestF5_UntrustedTextIsBoundedAndHarmless(t *testing.T) {
	nasty := "a\x1b[31mb\r\nlevel=ERROR\x00c\u202ed\u2028e\xff" + strings.Repeat("é", 3000)
	quoted, err := json.Marshal(nasty)
	require.NoError(t, err)
	e := mustFail(t, config(always(400, fmt.Sprintf(`{"error":%s,"error_description":%s,"error_uri":%s}`, quoted, quoted, quoted))))
	raw := mustFail(t, config(always(400, nasty, "X-Nasty", nasty)))
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, raw, &retrieve)
	for _, s := range []string{e.Code, e.Description, e.URI, e.Body, raw.Body, retrieve.Response.Header.Get("X-Nasty")} {
		require.NotEmpty(t, s)
		require.LessOrEqual(t, len(s), 1024)
		require.NotContains(t, s, "\uFFFD\uFFFD\uFFFD\uFFFD")
		require.True(t, strings.HasSuffix(s, "…"), "a cut is marked")
		for _, bad := range "\x1b\r\n\x00\u202e\u2028" {
			require.NotContains(t, s, string(bad))
		}
	}
	require.Contains(t, raw.Body, "a\uFFFD[31mb  level=ERROR")
}

func TestF5_ACutNeverSplitsACharacter(t *testing.T) {
	for pad := range 4 {
		body := mustFail(t, config(always(400, strings.Repeat("x", pad)+strings.Repeat("€", 1000)))).Body
		require.True(t, utf8.ValidString(body))
		require.NotContains(t, body, "\uFFFD")
		require.Greater(t, len(body), 1015)
	}
}

func TestF5_OverlappingOccurrencesLeaveNothing(t *testing.T) {
	cfg := config(always(400, "xabababx"))
	cfg.ClientSecret = fetcher.Secret("abab")
	require.Equal(t, "x[redacted]x", mustFail(t, cfg).Body)
}

func TestF5_AnEntityOfTwoCharactersIsTakenWhole(t *testing.T) {
	cfg := config(always(400, "x ab&bne; y")) // an equals sign and a combining stroke
	cfg.ClientSecret = fetcher.Secret("ab=")
	require.Equal(t, "x [redacted] y", mustFail(t, cfg).Body)
}

func TestF5_ALongSecretInALongTextShowsNothing(t *testing.T) {
	// However far a secret reaches beyond what is shown, and however it is encoded, it is recognised by its beginning.
	long := ""
	for i := range 250 {
		long += fmt.Sprintf("%04d", i*37)
	}
	for _, form := range []string{long, upper(upper(long)), lower(long)} {
		cfg := config(always(400, strings.Repeat("x", 1000)+form+strings.Repeat("x", 100<<10)))
		cfg.ClientSecret = fetcher.Secret(long)
		require.Equal(t, strings.Repeat("x", 1000)+"[redacted]…", mustFail(t, cfg).Body)
	}
	cfg := config(nil)
	cfg.ClientSecret = fetcher.Secret(long)
	cfg.TokenRequest.Transport = always(400, "short "+long)
	require.Equal(t, "short [redacted]", mustFail(t, cfg).Body)
	// A text that is costly to search is not shown at all.
	cfg.ClientSecret = fetcher.Secret(strings.Repeat("s", 1000))
	cfg.TokenRequest.Transport = always(400, strings.Repeat("s", 100<<10))
	require.Equal(t, "[redacted]", mustFail(t, cfg).Body)
}

func TestF5_SensitiveHeadersAndParamsAreRedactedToo(t *testing.T) {
	cfg := config(always(400, "got key-value and pass-value from en at c0de=abc"))
	cfg.TokenURL += "?c0de=abc"
	cfg.TokenRequest.Header = http.Header{"X-Api-Key": {"key-value"}, "Accept-Language": {"en"}}
	cfg.Params = url.Values{"password": {"pass-value"}}
	require.Equal(t, "got [redacted] and [redacted] from en at [redacted]", mustFail(t, cfg).Body)
}

func TestM19_TheReasonPhraseIsNotRepeated(t *testing.T) {
	e := mustFail(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
		r := reply(400, "")
		r.Status = "400 " + secret
		return r, nil
	})))
	require.NotContains(t, everything(t, e), secret)
}

// sayAll is what a careless transport does.
type sayAll struct{ inner error }

func (e sayAll) Error() string { return "harmless" }
func (e sayAll) Unwrap() error { return e.inner }

func TestM19_AHarmlessTreeOfErrorsIsKept(t *testing.T) {
	first, second := errors.New("first"), sayAll{nil}
	joined := sayAll{errors.Join(first, second)}
	e := mustFail(t, config(failing(joined)))
	require.ErrorIs(t, e, first)
	var kept sayAll
	require.ErrorAs(t, e, &kept)
	require.Equal(t, joined, kept)
}

func TestM19_NetworkErrorsAreRedacted(t *testing.T) {
	sentinel := errors.New("sentinel")
	for _, wrap := range []func(error) error{
		func(err error) error { return err },
		func(err error) error { return &url.Error{Op: "Post", URL: "https://h/?q=" + secret, Err: err} },
		func(err error) error {
			return fmt.Errorf("mw: %w", &url.Error{Op: "Post", URL: "https://h/?q=other", Err: err})
		},
		func(err error) error { return sayAll{err} },
		func(err error) error { return errors.Join(errors.New("x"), err) },
		func(err error) error { return errors.Join(errors.New("x"), sayAll{err}) },
	} {
		e := mustFail(t, config(roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, wrap(fmt.Errorf("cannot send %s with %s: %w", r.Header.Get("Authorization"), secret, sentinel))
		})))
		shown := everything(t, e)
		require.NotContains(t, shown, secret)
		require.NotContains(t, shown, b64(clientID+":"+url.QueryEscape(secret)))
		require.NotContains(t, shown, "?q=")
		require.ErrorIs(t, e, sentinel)
		require.False(t, e.Permanent())
	}
}

func TestM19_AParameterOfTheTokenURLIsRedacted(t *testing.T) {
	cfg := config(always(400, `{"error":"invalid_request","error_description":"unknown key QSECRET-1"}`))
	cfg.TokenURL += "?v=1&api_key=QSECRET-1"
	require.NotContains(t, everything(t, mustFail(t, cfg)), "QSECRET")
}
