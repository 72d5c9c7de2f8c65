package program

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// A line of curl, pasted behind alf, does what it did, or says what to write instead.
func TestCurl_PastedFlags(t *testing.T) {
	url := serve(t, echo)
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("body.json", []byte(`{"a": 1}`), 0o600))
	const form = `type=["application/x-www-form-urlencoded"]`
	const asJSON = "type=[\"application/json\"]\naccept=[\"application/json\"]"
	for line, want := range map[string][]string{
		"-XPOST":                           {"POST /", `body=""`},
		"-X POST":                          {"POST /"},
		"-X=PUT":                           {"PUT /"},
		"--request=PUT":                    {"PUT /"},
		"-sXPUT -d x":                      {"PUT /", `body="x"`},
		"-s":                               {"GET /"},
		"-sS":                              {"GET /"},
		"-sSL":                             {"GET /"},
		"-L":                               {"GET /"},
		"--location --silent --show-error": {"GET /"},
		"-fsSL":                            {"GET /"},
		"-# --compressed --no-buffer -N --http2 --http1.1": {"GET /"},
		"-da=1 -d b=2":                     {"POST /", form, `body="a=1&b=2"`},
		"-d@body.json":                     {`body="{\"a\": 1}"`},
		"--data=a=1":                       {`body="a=1"`},
		"--data-binary @body.json":         {"POST /", form, `body="{\"a\": 1}"`},
		"--data-binary a":                  {`body="a"`},
		"--data-ascii a":                   {`body="a"`},
		"--data-raw @body.json":            {`body="@body.json"`},
		"--data-urlencode q=a&b":           {`body="q=a%26b"`},
		"--data-urlencode =a&b":            {`body="a%26b"`},
		"--data-urlencode a&b":             {`body="a%26b"`},
		"--data-urlencode j@body.json":     {`body="j=%7B%22a%22%3A+1%7D"`},
		"--data-urlencode @body.json -d x": {`body="%7B%22a%22%3A+1%7D&x"`},
		`--json {"a":1}`:                   {"POST /", asJSON, `body="{\"a\":1}"`},
		"--json @body.json":                {asJSON, `body="{\"a\": 1}"`},
		"--json @body.json -XPATCH":        {"PATCH /", asJSON},
		"--json x -HAccept:text/plain":     {`type=["application/json"]`, `accept=["text/plain"]`},
		"-G -d q=1 -d r=2":                 {"GET /?q=1&r=2", `body=""`, "type=[]"},
		"-HX:1 -H X:2":                     {`x=["1" "2"]`},
		"-Ame":                             {`agent=["me"]`},
		"--user-agent me":                  {`agent=["me"]`},
		"-v":                               {"GET /"},
		"-vsS":                             {"GET /"},
		"-o -":                             {"GET /"},
		"-i":                               {"HTTP/1.1 200 OK", "GET /"},
		"-isS":                             {"HTTP/1.1 200 OK", "GET /"},
		"--url":                            {"GET /"}, // with the URL as its value
	} {
		t.Run(line, func(t *testing.T) {
			args := append(append([]string{"curl"}, strings.Split(line, " ")...), url)
			r := newIDP(t).alf(t, args...)
			require.Equal(t, exit.OK, r.code, r.err)
			for _, part := range want {
				require.Contains(t, r.out, part)
			}
		})
	}
}

func TestCurl_PastedFlagsThatHaveAnEquivalent(t *testing.T) {
	i := newIDP(t)
	for line, says := range map[string]string{
		"-k":                      "-k, --insecure of curl: certificates are always verified: name the authority that issued the server's by --ca-file",
		"-sk":                     "--ca-file",
		"-ksSL":                   "--ca-file",
		"--insecure":              "--ca-file",
		"-u me:pw":                "-u, --user of curl: the token takes the place of a name and password: remove it",
		"-ume:pw":                 "the token takes the place of a name and password",
		"--user me":               "the token takes the place of a name and password",
		"-n":                      "the token takes the place of a name and password",
		"--oauth2-bearer x":       "alf gets the token itself: remove it",
		"-m 5":                    "use --timeout",
		"-m5":                     "use --timeout",
		"--max-time 5":            "use --timeout",
		"--connect-timeout 5":     "use --timeout",
		"--cacert x":              "use --ca-file",
		"-E x":                    "use --cert-file",
		"--cert x":                "use --cert-file",
		"--key x":                 "use --cert-key-file",
		"-x http://proxy":         "HTTPS_PROXY",
		"-F a=b":                  "--data @FILE",
		"-T x":                    "use -X PUT --data @FILE",
		"-4":                      "-4, --ipv4 of curl: addresses of both kinds are tried: remove it",
		"-sS6":                    "addresses of both kinds are tried",
		"-O":                      "use --output FILE",
		"-sSLO":                   "use --output FILE",
		"-w %{http_code}":         "use --include",
		"-D -":                    "use --include",
		"-b file":                 "alf reads no cookie files",
		"-c file":                 "alf keeps no cookies",
		"--retry 3":               "token requests are retried",
		"--resolve a:1:b":         "-H 'Host: NAME'",
		"-H Authorization:Bearer": "Authorization carries the token: remove it",
	} {
		r := i.alf(t, append(append([]string{"curl"}, strings.Split(line, " ")...), "https://api.example.com")...)
		require.Equal(t, exit.Usage, r.code, line)
		require.Contains(t, r.err, says, line)
		require.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
	}
	require.Zero(t, i.issued)
	for _, line := range []string{"-d x", "--json x", "-XPOST", "-F a=b"} {
		r := i.alf(t, append(append([]string{"get"}, strings.Split(line, " ")...), "https://api.example.com")...)
		require.Equal(t, exit.Usage, r.code, line)
		require.Contains(t, r.err, "use alf curl", line)
	}
}

func TestCurl_UnknownFlagsInAGroup(t *testing.T) {
	for line, says := range map[string]string{
		"-Z":  "there is no flag -Z",
		"-sZ": "there is no flag -Z",
	} {
		r := newIDP(t).alf(t, "curl", line, "https://api.example.com")
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, says)
	}
	r := newIDP(t).alf(t, "curl", "--url", "https://a", "https://b")
	require.Contains(t, r.err, "more than one URL")
}

func TestCurl_OutputToAFile(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte("content"))
	})
	path := filepath.Join(t.TempDir(), "out")
	i := newIDP(t)
	for _, args := range [][]string{{"-o", path}, {"-o" + path}, {"-sSLo", path}, {"--output", path}, {"--output=" + path}} {
		require.NoError(t, os.RemoveAll(path))
		require.Equal(t, result{exit.OK, "", ""}, i.alf(t, append([]string{"curl", url}, args...)...))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "content", string(content))
	}
	require.Equal(t, exit.Broken, i.alf(t, "curl", url, "-o", filepath.Join(path, "below")).code)
	// -f prints no body of an error.
	require.Equal(t, result{exit.API, "", "alf: the API responded with 404 Not Found\n"}, i.alf(t, "curl", "-fsS", url+"/no"))
	require.Equal(t, result{exit.API, "content", "alf: the API responded with 404 Not Found\n"}, i.alf(t, "curl", url+"/no"))
	r := i.alf(t, "curl", "-I", url)
	require.True(t, strings.HasPrefix(r.out, "HTTP/1.1 200 OK\n"), r.out)
	require.NotContains(t, r.out, "content\n")
}

// Flags that are given in other commands may be written together as well.
func TestShortFlags_InEveryCommand(t *testing.T) {
	r := newIDP(t).alf(t, "token", "-ojson")
	require.Contains(t, r.out, `"access_token": "token-1"`)
	r = newIDP(t).alf(t, "-v", "token", "-o", "header")
	require.Equal(t, "Authorization: Bearer token-1\n", r.out)
	// The value of a flag is left alone, whatever it looks like.
	r = newIDP(t).alf(t, "curl", "--data", "-XPOST", serve(t, echo))
	require.Contains(t, r.out, `body="-XPOST"`)
	r = newIDP(t).alf(t, "curl", "-d", "-sS", serve(t, echo))
	require.Contains(t, r.out, `body="-sS"`)
}
