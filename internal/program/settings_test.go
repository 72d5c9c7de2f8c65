package program

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

func (i *idp) form(t *testing.T) url.Values {
	i.mu.Lock()
	defer i.mu.Unlock()
	require.NotEmpty(t, i.forms)
	form, err := url.ParseQuery(i.forms[len(i.forms)-1])
	require.NoError(t, err)
	return form
}

func TestSettings_FlagOverEnvironmentOverFile(t *testing.T) {
	i := newIDP(t)
	config := write(t, "config.json", `{"scope": ["of-file"], "audience": "file", "param": {"p": "file"}}`)
	for _, c := range []struct {
		env  map[string]string
		args []string
		want string
	}{
		{nil, nil, "file"},
		{map[string]string{"ALF_SCOPE": "", "ALF_AUDIENCE": "", "ALF_PARAM": ""}, nil, "file"}, // empty is unset
		{map[string]string{"ALF_SCOPE": "of-env", "ALF_AUDIENCE": "env", "ALF_PARAM": "p=env"}, nil, "env"},
		{
			map[string]string{"ALF_SCOPE": "of-env", "ALF_AUDIENCE": "env", "ALF_PARAM": "p=env"},
			[]string{"--scope", "of-flag", "--audience", "flag", "--param", "p=flag"},
			"flag",
		},
		{nil, []string{"--scope", "of-flag", "--audience", "flag", "--param", "p=flag"}, "flag"},
	} {
		r := alfIn(t, invocation{env: i.configured(c.env)}, append([]string{"token", "--config", config}, c.args...)...)
		require.Equal(t, exit.OK, r.code, r.err)
		form := i.form(t)
		require.Equal(t, []string{"of-" + c.want}, form["scope"])
		require.Equal(t, []string{c.want}, form["audience"])
		require.Equal(t, []string{c.want}, form["p"])
	}
}

func TestSettings_ListsAreRepeatedOrApartBySpaces(t *testing.T) {
	i := newIDP(t)
	env := i.configured(map[string]string{"ALF_AUDIENCE": "one two"})
	r := alfIn(t, invocation{env: env}, "token", "--scope", "a b", "--scope", "c,d", "--param", "x=1&y=a%20b", "--param", "x=2")
	require.Equal(t, exit.OK, r.code, r.err)
	form := i.form(t)
	require.Equal(t, "a b c,d", form.Get("scope"))
	require.Equal(t, []string{"one", "two"}, form["audience"])
	require.Equal(t, []string{"1", "2"}, form["x"])
	require.Equal(t, "a b", form.Get("y"))
}

func TestSettings_AllFromAFile(t *testing.T) {
	i := newIDP(t)
	secret := write(t, "secret", theSecret+"\n")
	config := write(t, "config.json", fmt.Sprintf(`{
		"token_url": %q, "client_id": "me", "client_secret_file": %q, "scope": ["a", "b"], "audience": ["x"],
		"param": {"tenant": ["r1", "r2"]}, "resource": "https://api.example.com", "auth_style": "client_secret_post", "origin": ["https://api.example.com"],
		"allow_http": "other.example.com", "token_header": {"x-tenant": "blue", "X-More": ["1", "2"]}, "timeout": "5s"
	}`, i.URL, secret))
	r := alfIn(t, invocation{env: map[string]string{"ALF_CONFIG": config}}, "token")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"me"}, "client_secret": {theSecret}, "scope": {"a b"}, "audience": {"x"},
		"resource": {"https://api.example.com"}, "tenant": {"r1", "r2"},
	}, i.form(t))
	require.Equal(t, "blue", i.header.Get("X-Tenant"))
	require.Equal(t, []string{"1", "2"}, i.header["X-More"])

	r = alfIn(t, invocation{}, "get", "--config", config, "https://elsewhere.example.com")
	require.Equal(t, exit.Usage, r.code, "origins")
}

func TestSettings_TokenHeadersFromFlagsAndEnvironment(t *testing.T) {
	i := newIDP(t)
	require.Equal(t, exit.OK, i.alf(t, "token", "--token-header", "x-tenant: blue, green", "--token-header", "X-More: 1").code)
	require.Equal(t, "blue, green", i.header.Get("X-Tenant"))
	require.Equal(t, "1", i.header.Get("X-More"))
	env := i.configured(map[string]string{"ALF_TOKEN_HEADER": "A: 1\nB: 2"})
	require.Equal(t, exit.OK, alfIn(t, invocation{env: env}, "token").code)
	require.Equal(t, "1", i.header.Get("A"))
	require.Equal(t, "2", i.header.Get("B"))
}

func TestSettings_TheUsualFileIsReadIfItIsThere(t *testing.T) {
	i := newIDP(t)
	for variable, below := range map[string]string{"XDG_CONFIG_HOME": "alf", "HOME": filepath.Join(".config", "alf")} {
		dir := t.TempDir()
		env := map[string]string{variable: dir, "ALF_CLIENT_SECRET": theSecret}
		r := alfIn(t, invocation{env: env}, "token")
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, "--token-url is missing")

		require.NoError(t, os.MkdirAll(filepath.Join(dir, below), 0o700))
		content := fmt.Sprintf(`{"token_url": %q, "client_id": "me"}`, i.URL)
		require.NoError(t, os.WriteFile(filepath.Join(dir, below, "config.json"), []byte(content), 0o600))
		require.Equal(t, exit.OK, alfIn(t, invocation{env: env}, "token").code)
		env["ALF_TOKEN_URL"] = ""
		require.Equal(t, exit.OK, alfIn(t, invocation{env: env}, "token").code, "an empty variable is as good as none")
		require.Equal(t, exit.Usage, alfIn(t, invocation{env: env}, "token", "--config", "").code, "none")
	}
}

func TestSettings_PathsInTheFileAreBesideIt(t *testing.T) {
	i := newIDP(t)
	config := write(t, "config.json", `{"client_secret_file": "secret"}`)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(config), "secret"), []byte(theSecret), 0o600))
	env := map[string]string{"ALF_TOKEN_URL": i.URL, "ALF_CLIENT_ID": "me"}
	require.Equal(t, exit.OK, alfIn(t, invocation{env: env}, "token", "--config", config).code)
	require.Equal(t, "me:"+theSecret, i.auths[0])
}

func TestSettings_TheFileIsStrict(t *testing.T) {
	i := newIDP(t)
	for content, says := range map[string]string{
		`{"token_uri": "x"}`:                     `config.json: unknown key "token_uri": did you mean "token_url"?`,
		`{"Token_URL": "x"}`:                     `unknown key "Token_URL": did you mean "token_url"?`,
		`{"scopes": "x"}`:                        `unknown key "scopes": did you mean "scope"?`,
		`{"secret_file": "x"}`:                   `unknown key "secret_file": did you mean "client_secret_file"?`,
		`{"allow_http": "x", "log_level": 1}`:    `unknown key "log_level": use allow_http, assertion_algorithm, `,
		`{"client_secret": "` + theSecret + `"}`: "client_secret: a secret does not belong into this file: put it into one of its own and name that in client_secret_file, or set ALF_CLIENT_SECRET",
		`{"client_id": 1}`:                       "client_id: must be a string",
		`{"scope": 1}`:                           "scope: must be a string or an array of strings",
		`{"scope": [1]}`:                         "scope: must be a string or an array of strings",
		`{"param": []}`:                          "param: must be an object of strings or arrays of strings",
		`{"param": {"a": [1]}}`:                  "param: must be an object of strings or arrays of strings",
		`{"param": {"a": "1", "a": "2"}}`:        `param: "a" occurs twice: give all its values in one array`,
		`{"param": {"a": "1", "\u0061": "2"}}`:   `param: "a" occurs twice`,
		`{"token_header": {"A": "x", "A": "y"}}`: `token_header: "A" occurs twice: give all its values in one array`,
		`{"token_header": {"a": "x", "A": "y"}}`: `token_header: "A" occurs twice`,
		`{"token_header": {"a b": "x"}}`:         `--token-header: "a b" is not a header name`,
		`{"token_header": {" A": "x"}}`:          `--token-header: " A" is not a header name`,
		`{"token_header": {"": "x"}}`:            `--token-header: "" is not a header name`,
		`{"token_header": {"A: x\nB": "y"}}`:     `is not a header name`,
		`{"token_header": {"A": "x\nB: y"}}`:     `--token-header: a value of "A" has a control character`,
		`{"token_header": {"dpop": "x"}}`:        `--token-header: "Dpop" is set by the fetcher`,
		`{"dpop": "yes"}`:                        "dpop: must be true or false",
		`{"assertion_lifetime": 60}`:             `assertion_lifetime: must be a duration, such as "30s"`,
		`{"timeout": 30}`:                        `timeout: must be a duration, such as "30s"`,
		`{"timeout": "` + theSecret + `"}`:       `timeout: must be a duration, such as "30s"`,
		`{"auth_style": "none"}`:                 `authentication style "none" does not exist`,
		`{"client_id": "a", "client_id": "b"}`:   `"client_id" occurs twice`,
		`{"client_id": "a"} {}`:                  "something follows the JSON object",
		`{"client_id": "a"`:                      "not JSON: it ends too early",
		`{"client_id": "a`:                       "not JSON: it ends too early",
		`{"client_id": `:                         "not JSON: it ends too early",
		`{"client_id": "a",`:                     "not JSON: it ends too early",
		`{"param": {"a":`:                        "not JSON: it ends too early",
		`{`:                                      "not JSON: it ends too early",
		`{"client_id" "a"}`:                      "not JSON: ",
		`{"client_id": "a" ]`:                    "not JSON: ",
		`[]`:                                     "not a JSON object",
		``:                                       "not a JSON object",
	} {
		t.Run("", func(t *testing.T) { // its name would be part of paths, and some contents are secret
			r := i.alf(t, "token", "--config", write(t, "config.json", content))
			require.Equal(t, exit.Usage, r.code, content)
			require.Contains(t, r.err, says)
			require.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
		})
	}
	r := i.alf(t, "token", "--config", write(t, "config.json", `{"param": null, "token_header": null, "scope": null, "timeout": null}`))
	require.Equal(t, exit.OK, r.code, r.err)
	i.issued = 0
	r = i.alf(t, "token", "--config", write(t, "config.json", `{"one": 1, "two": 2}`))
	require.Contains(t, r.err, `"one"`)
	require.Contains(t, r.err, `"two"`)
	require.Zero(t, i.issued)
}

func TestSettings_AFileThatWasAskedForMustBeThere(t *testing.T) {
	i := newIDP(t)
	for _, path := range []string{filepath.Join(t.TempDir(), "none.json"), t.TempDir(), write(t, "huge", strings.Repeat(" ", settings.MaxFile+1))} {
		r := i.alf(t, "token", "--config", path)
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, path)
	}
}
