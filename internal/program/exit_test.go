package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestExit0_OnSuccess(t *testing.T) {
	require.Equal(t, result{0, "token-1\n", ""}, newIDP(t).alf(t, "token"))
}

func TestExit2_OnWrongUse(t *testing.T) {
	i := newIDP(t)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown command":    {[]string{"tokne"}, `there is no command "tokne": did you mean "token"?`},
		"unknown flag":       {[]string{"token", "--ouput", "json"}, "there is no flag --ouput: did you mean --output? (see alf token --help)"},
		"unknown root flag":  {[]string{"--verbos"}, "there is no flag --verbos: did you mean --verbose?"},
		"unknown topic":      {[]string{"help", "tokne"}, `there is no command "tokne": did you mean "token"? (see alf --help)`},
		"nothing like it":    {[]string{"nope"}, `there is no command "nope" (see alf --help)`},
		"nor as a topic":     {[]string{"help", "nope"}, `there is no command "nope" (see alf --help)`},
		"nor as a flag's":    {[]string{"--help", "nope"}, `there is no command "nope" (see alf --help)`},
		"no such shell":      {[]string{"completion", "fisch"}, `there is no command "fisch": did you mean "fish"? (see alf completion --help)`},
		"no flag like it":    {[]string{"token", "--nope"}, "there is no flag --nope (see alf token --help)"},
		"the other case":     {[]string{"token", "-O", "json"}, "there is no flag -O: did you mean -o? (see alf token --help)"},
		"a flag before":      {[]string{"token", "--verbos"}, "there is no flag --verbos: did you mean --verbose?"},
		"no value":           {[]string{"token", "--output"}, "flag needs an argument"},
		"unknown output":     {[]string{"token", "--output", "xml"}, `--output is "xml": use bare, header, json`},
		"too many arguments": {[]string{"token", "x"}, `unexpected argument "x" (see alf token --help)`},
		"no URL":             {[]string{"get"}, "URL is missing (see alf get --help)"},
		"two URLs":           {[]string{"curl", "https://a", "https://b"}, `unexpected argument "https://b"`},
		"no scheme":          {[]string{"get", "api.example.com/x"}, "use https://host/path"},
		"password in URL":    {[]string{"get", "https://me:" + theSecret + "@api.example.com"}, "holds a name or password"},
		"no method":          {[]string{"curl", "-X", "A B", "https://a"}, `"A B" cannot be a method`},
		"no header":          {[]string{"get", "-H", "nonsense", "https://a"}, "-H: not of the form 'NAME: VALUE'"},
		"own authorization":  {[]string{"get", "-H", "authorization: Bearer x", "https://a"}, "Authorization carries the token"},
		"bad header":         {[]string{"token", "--token-header", "nonsense"}, "--token-header: not of the form 'NAME: VALUE'"},
		"bad parameter":      {[]string{"token", "--param", theSecret}, "--param: not of the form KEY=VALUE"},
		"reserved parameter": {[]string{"token", "--param", "client_secret=x"}, `--param: "client_secret" is set by the fetcher`},
		"bad timeout":        {[]string{"token", "--timeout", "soon"}, "soon"},
		"negative timeout":   {[]string{"token", "--timeout", "-1s"}, "--timeout is -1s: must not be negative"},
		"bad style":          {[]string{"token", "--auth-style", "none"}, `authentication style "none" does not exist`},
		"bad token URL":      {[]string{"token", "--token-url", "idp.example.com"}, "--token-url: neither https nor http"},
		"token URL in clear": {[]string{"token", "--token-url", "http://idp.example.com/token"}, `use https, or list "idp.example.com" in --allow-http`},
		"bad origin":         {[]string{"token", "--origin", "api.example.com"}, "--origin[0]: "},
		"no authorities":     {[]string{"token", "--ca-file", write(t, "ca.pem", "nonsense")}, "holds no certificate in PEM form"},
		"bad demo":           {[]string{"demo", "--callers", "0"}, "--callers is 0: must be from 1 to 20,000"},
		"bad demo lifetime":  {[]string{"demo", "--lifetime", "1500ms"}, "--lifetime is 1.5s: must be whole seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			r := i.alf(t, c.args...)
			require.Equal(t, exit.Usage, r.code, r.err)
			require.Contains(t, r.err, c.says)
			require.Equal(t, 1, strings.Count(r.err, "\n"), "one line")
			require.True(t, strings.HasPrefix(r.err, "alf: "))
			require.Empty(t, r.out)
		})
	}
	require.Zero(t, i.issued, "nothing was asked for")
}

func TestExit2_EveryProblemAtOnce(t *testing.T) {
	r := alfIn(t, invocation{}, "token", "--auth-style", "none", "--timeout", "-1s")
	require.Equal(t, exit.Usage, r.code)
	for _, problem := range []string{
		"--token-url is missing: set it, or ALF_TOKEN_URL, or token_url in a configuration file", "--client-id is missing", "none", "-1s",
	} {
		require.Contains(t, r.err, problem)
	}
	require.Equal(t, 4, strings.Count(r.err, "alf: "))
}

func TestExit2_WhenTheTokenMustNotGoThere(t *testing.T) {
	i := newIDP(t)
	r := i.alf(t, "get", "http://api.example.com/")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, `use https, or list "api.example.com" in --allow-http`)

	r = i.alf(t, "get", "--origin", "https://api.example.com", "https://other.example.com/")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--origin: add it there")
}

func TestExit3_DeniedByTheTokenEndpoint(t *testing.T) {
	for _, command := range [][]string{{"token"}, {"get", "https://api.example.com"}} {
		i := newIDP(t)
		i.refuse(401, `{"error":"invalid_client","error_description":"who is `+theSecret+`?"}`)
		r := i.alf(t, command...)
		require.Equal(t, exit.Denied, r.code)
		require.Contains(t, r.err, "alf: no token: "+i.URL+": 401 Unauthorized: invalid_client")
		require.Contains(t, r.err, "client_secret_post")
		require.Contains(t, r.err, "--auth-style")
		require.Equal(t, 1, strings.Count(r.err, "\n"))
		require.Empty(t, r.out)
	}
}

func TestExit4_TokenEndpointUnreachable(t *testing.T) {
	t.Run("refuses connections", func(t *testing.T) {
		i := newIDP(t)
		i.Close()
		r := i.alf(t, "token")
		require.Equal(t, exit.Unreachable, r.code)
		require.Contains(t, r.err, "alf: no token: ")
	})
	t.Run("responds with 503", func(t *testing.T) {
		i := newIDP(t)
		i.refuse(503, "later")
		require.Equal(t, exit.Unreachable, i.alf(t, "token").code)
	})
	t.Run("is not who it should be", func(t *testing.T) {
		s := httptest.NewTLSServer(newIDP(t))
		t.Cleanup(s.Close)
		s.Config.ErrorLog = quiet
		i := &idp{Server: s}
		r := i.alf(t, "token")
		require.Equal(t, exit.Unreachable, r.code)
		require.Contains(t, r.err, "--ca-file")
	})
	t.Run("does not respond", func(t *testing.T) {
		i := newIDP(t)
		i.respond = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		for _, command := range [][]string{{"token"}, {"get", "https://api.example.com"}} {
			r := i.alf(t, append(command, "--timeout", "50ms")...)
			require.Equal(t, exit.Unreachable, r.code)
			require.Equal(t, "alf: no response within 50ms: allow more by --timeout\n", r.err)
		}
	})
}

func TestExit4_APIUnreachable(t *testing.T) {
	i := newIDP(t)
	t.Run("refuses connections", func(t *testing.T) {
		s := httptest.NewServer(nil)
		s.Close()
		require.Equal(t, exit.Unreachable, i.alf(t, "get", s.URL).code)
	})
	t.Run("is not who it should be", func(t *testing.T) {
		s := httptest.NewTLSServer(nil)
		t.Cleanup(s.Close)
		s.Config.ErrorLog = quiet
		r := i.alf(t, "get", s.URL)
		require.Equal(t, exit.Unreachable, r.code)
		require.Contains(t, r.err, "name the authority that issued the certificate by --ca-file")
	})
	t.Run("breaks off", func(t *testing.T) {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "so far")
		})
		r := i.alf(t, "get", url)
		require.Equal(t, exit.Unreachable, r.code)
		require.Equal(t, "so far", r.out)
		require.Contains(t, r.err, "the response broke off")
	})
}

func TestExit5_TheAPIRespondsWithAnErrorWhoseBodyIsPrinted(t *testing.T) {
	i := newIDP(t)
	for _, status := range []int{400, 401, 403, 404, 500, 503} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "the reason")
		})
		r := i.alf(t, "get", url)
		require.Equal(t, exit.API, r.code)
		require.Equal(t, "the reason", r.out)
		require.Equal(t, fmt.Sprintf("alf: the API responded with %d %s\n", status, http.StatusText(status)), r.err)
	}
}

func TestExit1_WhenTheOutputCannotBeWritten(t *testing.T) {
	i := newIDP(t)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	env := i.configured()
	for _, args := range [][]string{{"token"}, {"token", "--output", "json"}, {"get", url}, {"get", "-i", url}} {
		var stderr strings.Builder
		code := run(t.Context(), append([]string{"alf"}, args...), nil, broken{}, &stderr, environmentOf(env))
		require.Equal(t, exit.Broken, code)
		require.Contains(t, stderr.String(), "no space left")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestExit130_WhenInterrupted(t *testing.T) {
	i := newIDP(t)
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	r := alfIn(t, invocation{env: i.configured(), ctx: ctx}, "get", url)
	require.Equal(t, result{exit.Interrupted, "", "alf: interrupted\n"}, r)
}
