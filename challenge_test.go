package alf_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// isRetried reports whether a 401 with these challenges leads to a second send.
func isRetried(tb testing.TB, challenges ...string) bool {
	base := script(401, 200)
	base.header = http.Header{"Www-Authenticate": challenges}
	source := &fakeSource{}
	client := over(tb, source, base)
	resp, body := get(tb, client, apiURL)
	if resp.StatusCode == 200 {
		require.Len(tb, base.seen, 2)
		return true
	}
	require.Equal(tb, "response 1", body)
	require.Len(tb, base.seen, 1)
	require.Empty(tb, source.replaced)
	require.Empty(tb, source.invalidated)
	require.Zero(tb, client.Stats().Unauthorized)
	return false
}

func TestC5_Challenges(t *testing.T) {
	for _, tc := range []struct {
		isRetried  bool
		challenges []string
	}{
		// Every 401, whatever it challenges for.
		{true, nil},
		{true, []string{""}},
		{true, []string{"Bearer"}},
		{true, []string{`Bearer error="invalid_token"`}},
		{true, []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`}},
		{true, []string{`Basic realm="Registry"`}},
		{true, []string{"Negotiate", "NTLM"}},
		{true, []string{"Negotiate YIIKpAYGKwYBBQUCoIIKmDCCCpSgBw=="}},
		{true, []string{`Digest realm="a", qop="auth,auth-int", nonce="dcd98b", opaque="5ccc"`}},
		{true, []string{`Basic realm="a", Bearer realm="b", error="invalid_token"`}},
		{true, []string{`Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:x:pull"`}},
		{true, []string{`DPoP algs="ES256 PS256"`}},
		{true, []string{`DPoP error="invalid_token", algs="ES256"`}},
		{true, []string{`Bearer error="invalid_request"`}},

		// The exceptions.
		{false, []string{`Bearer error="insufficient_scope"`}},
		{false, []string{`Bearer realm="example", error="insufficient_scope", scope="a b"`}},
		{false, []string{`DPoP error="use_dpop_nonce", error_description="Resource server requires nonce"`}},
		{false, []string{`DPoP algs="ES256", error="insufficient_scope"`}},
		{false, []string{`Bearer error="use_dpop_nonce"`}},

		// All headers are read, and all challenges in each.
		{false, []string{`Basic realm="a"`, `Bearer error="insufficient_scope"`}},
		{false, []string{`Bearer error="insufficient_scope"`, `Basic realm="a"`}},
		{false, []string{`Basic realm="a", Bearer error="insufficient_scope"`}},
		{false, []string{`Negotiate, Bearer error="insufficient_scope", NTLM`}},
		{false, []string{`Negotiate YII=, Bearer error="insufficient_scope"`}},
		{false, []string{`Bearer, DPoP algs="ES256", error="use_dpop_nonce"`}},

		// Leniently.
		{false, []string{`bearer ERROR="Insufficient_Scope"`}},
		{false, []string{`Bearer error=insufficient_scope`}},
		{false, []string{`Bearer error = "insufficient_scope"`}},
		{false, []string{"Bearer\terror\t=\t\"insufficient_scope\""}},
		{false, []string{`Bearer  ,, error="insufficient_scope",`}},
		{false, []string{`Bearer realm="a" error="insufficient_scope"`}},
		{false, []string{`Bearer realm="a"; error="insufficient_scope"`}},
		{false, []string{`Basic realm="a" Bearer error="insufficient_scope"`}},
		{false, []string{`Bearer error="insufficient\_scope"`}},
		{false, []string{`Bearer error="insufficient_scope`}},
		{false, []string{`Bearer realm="a \" quote", error="insufficient_scope"`}},
		{false, []string{`Bearer realm=, error="insufficient_scope"`}},
		{false, []string{`, Bearer error="insufficient_scope"`}},
		{false, []string{`Bearer "stray", error="insufficient_scope"`}},

		// Words elsewhere do not count.
		{true, []string{`Basic error="insufficient_scope"`}},
		{true, []string{`error="insufficient_scope"`}},
		{true, []string{`Bearer realm="error=insufficient_scope"`}},
		{true, []string{`Bearer realm="\", error=\"insufficient_scope\""`}},
		{true, []string{`Basic realm="Bearer error=\"insufficient_scope\""`}},
		{true, []string{`Bearer error_description="insufficient_scope"`}},
		{true, []string{`Bearer error="insufficient_scopes"`}},
		{true, []string{`Bearer error="unclosed, error="insufficient`}},
		{true, []string{`Bearer error="`, `Bearer error`, `Bearer error=`, `=`, `"`, `\`, `Bearer error="\`}},
		{true, []string{`Bearer realm="a", Basic error="insufficient_scope"`}},

		// What calls the token invalid outweighs what only might.
		{true, []string{`DPoP error="use_dpop_nonce"`, `Bearer error="invalid_token"`}},
		{true, []string{`Bearer error="invalid_token", DPoP error="use_dpop_nonce"`}},
	} {
		require.Equal(t, tc.isRetried, isRetried(t, tc.challenges...), "%q", tc.challenges)
	}
}

func TestC5_HeaderNamesAreNotCaseSensitive(t *testing.T) {
	base := script(401, 200)
	base.header = http.Header{"WWW-Authenticate": {`Bearer error="insufficient_scope"`}} // not the canonical spelling
	resp, _ := get(t, over(t, &fakeSource{}, base), apiURL)
	require.Equal(t, 401, resp.StatusCode)
}

func TestC5_OnlyA401IsRetried(t *testing.T) {
	for _, status := range []int{200, 204, 400, 402, 403, 404, 407, 500, 503} {
		base := script(status)
		base.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}
		source := &fakeSource{}
		resp, _ := get(t, over(t, source, base), apiURL)
		require.Equal(t, status, resp.StatusCode)
		require.Len(t, base.seen, 1)
		require.Empty(t, source.replaced)
	}
}

// FuzzC5_Challenges: whatever the header, nothing panics and nothing is sent more than twice; it stays out of the way
// of what another header says clearly; and it makes an exception only if it says so.
func FuzzC5_Challenges(f *testing.F) {
	for _, seed := range []string{
		"", "Bearer", `Bearer error="invalid_token"`, `Bearer error="insufficient_scope"`, `Basic realm="a", Bearer error=use_dpop_nonce`,
		`Negotiate YII==, Bearer error = "insufficient\_scope`, `"`, `\`, `=`, `,`, `a="`, `a="\`, "Bearer\x00error", `;;==""`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, challenge string) {
		alone := isRetried(t, challenge)
		text := strings.ToLower(strings.ReplaceAll(challenge, `\`, ""))
		if !strings.Contains(text, "insufficient_scope") && !strings.Contains(text, "use_dpop_nonce") {
			require.True(t, alone)
		}
		if !strings.Contains(text, "invalid_token") {
			require.False(t, isRetried(t, challenge, `Bearer error="insufficient_scope"`))
		}
		require.True(t, isRetried(t, challenge, `Bearer error="invalid_token"`))
	})
}

func TestC5_HookReplacesTheRule(t *testing.T) {
	for _, tc := range []struct {
		status int
		sends  int
	}{{403, 2}, {401, 1}, {200, 1}} {
		base := script(tc.status, 200)
		client := newClient(t, alf.Config{
			Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base},
			Rejected: func(resp *http.Response) bool { return resp.StatusCode == http.StatusForbidden },
		})
		get(t, client, apiURL)
		require.Len(t, base.seen, tc.sends)
		require.EqualValues(t, tc.sends-1, client.Stats().RetrySucceeded)
	}
}

func TestC5_HookSeesABodyOnlyIfItAskedForOne(t *testing.T) {
	for _, asked := range []bool{false, true} {
		var shown []string
		client := newClient(t, alf.Config{
			Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: script(200)}, RejectedBody: asked,
			Rejected: func(resp *http.Response) bool {
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				shown = append(shown, string(body))
				require.Empty(t, resp.Request.Header.Get("Authorization"))
				resp.StatusCode, resp.Body = 999, nil // of a copy
				return false
			},
		})
		resp, body := get(t, client, apiURL)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, "response 1", body)
		require.Equal(t, []string{map[bool]string{false: "", true: "response 1"}[asked]}, shown)
	}
}

func TestC5_HookFindsAnErrorInA200(t *testing.T) {
	auth := startAuth(t)
	var bodies []string
	api := startAPI(t, auth, nil)
	api.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if !auth.accepts(r.Header.Get("Authorization")) {
			_, _ = io.WriteString(w, `{"ok":false,"error":"token_revoked"}`)
			return
		}
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	cfg := auth.config()
	cfg.RejectedBody = true
	cfg.Rejected = func(resp *http.Response) bool {
		var response struct{ Error string }
		return json.NewDecoder(resp.Body).Decode(&response) == nil && response.Error == "token_revoked"
	}
	client := newClient(t, cfg)
	_, err := client.Token(t.Context())
	require.NoError(t, err)
	auth.revokeAll()
	resp, err := client.Post(api.URL, "", hide("recorded body"))
	require.NoError(t, err)
	require.Equal(t, `{"ok":true}`, readAll(t, resp))
	require.Equal(t, []string{"recorded body", "recorded body"}, bodies)
	require.EqualValues(t, 1, client.Stats().RetrySucceeded)
}

func TestC5_BodyTheHookSawIsRestoredWhole(t *testing.T) {
	const most = 64 << 10
	for _, size := range []int{0, 10, most - 1, most, most + 1, 1 << 20} {
		content := []byte(filler(size))
		body := &trackedBody{Reader: bytes.NewReader(content)}
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			resp := respond(req, 200, "")
			resp.Body = body
			return resp, nil
		})
		saw := -1
		client := newClient(t, alf.Config{
			Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base}, RejectedBody: true,
			Rejected: func(resp *http.Response) bool {
				shown, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				saw = len(shown)
				return false
			},
		})
		_, got := get(t, client, apiURL)
		require.Equal(t, min(size, most), saw)
		require.True(t, string(content) == got, "%d bytes", size)
		require.True(t, body.closed.Load())
	}
}

func TestC5_ConnectionThatChangedProtocolsIsNotRead(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, http.StatusSwitchingProtocols, "")
		resp.Body = io.NopCloser(neverReader{t})
		return resp, nil
	})
	client := newClient(t, alf.Config{
		Manager: &fakeSource{}, HTTPClient: &http.Client{Transport: base}, RejectedBody: true,
		Rejected: func(resp *http.Response) bool {
			_, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			return false
		},
	})
	resp, err := client.Get(apiURL)
	require.NoError(t, err)
	require.IsType(t, io.NopCloser(neverReader{}), resp.Body)
	require.NoError(t, resp.Body.Close())
}

type neverReader struct{ t *testing.T }

func (n neverReader) Read([]byte) (int, error) {
	n.t.Error("read")
	return 0, io.EOF
}
