package program

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// echo responds with what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s\nhost=%s\nauthorization=%s\ntype=%q\naccept=%q\nagent=%q\nx=%q\nbody=%q\n", r.Method, r.URL, r.Host,
		r.Header.Get("Authorization"), r.Header["Content-Type"], r.Header["Accept"], r.Header["User-Agent"], r.Header["X"], body)
}

func TestGet_PrintsTheBody(t *testing.T) {
	url := serve(t, echo)
	r := newIDP(t).alf(t, "get", url+"/path?q=1", "-H", "X: one, two", "-H", "x: three")
	require.Equal(t, exit.OK, r.code)
	require.Empty(t, r.err)
	for _, line := range []string{
		"GET /path?q=1\n", "authorization=Bearer token-1\n", "type=[]\n", `accept=["*/*"]`, `agent=["alf/`, `x=["one, two" "three"]`, `body=""`,
	} {
		require.Contains(t, r.out, line)
	}
}

func TestGet_IncludesStatusAndHeaders(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Add("B", "2")
		w.Header().Add("A", "1")
		w.Header().Add("B", "3")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "body")
	})
	r := newIDP(t).alf(t, "get", "-i", url)
	require.Equal(t, "HTTP/1.1 404 Not Found\nA: 1\nB: 2\nB: 3\nContent-Length: 4\nContent-Type: text/plain\n\nbody", r.out)
}

func TestCurl_Methods(t *testing.T) {
	url := serve(t, echo)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "GET"},
		{[]string{"-d", "x"}, "POST"},
		{[]string{"-X", "DELETE"}, "DELETE"},
		{[]string{"-X", "PUT", "-d", "x"}, "PUT"},
		{[]string{"--request", "GET", "--data", ""}, "GET"},
	} {
		r := newIDP(t).alf(t, append([]string{"curl", url}, c.args...)...)
		require.Equal(t, exit.OK, r.code, r.err)
		require.True(t, strings.HasPrefix(r.out, c.want+" /"), r.out)
	}
	require.Equal(t, result{}, newIDP(t).alf(t, "curl", "-X", "HEAD", url))
}

func TestCurl_Data(t *testing.T) {
	url := serve(t, echo)
	file := write(t, "data", "from\na, file\n")
	const form = `type=["application/x-www-form-urlencoded"]`
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"literal":        {[]string{"-d", "a=1,2"}, []string{form, `body="a=1,2"`}},
		"joined":         {[]string{"-d", "a=1", "-d", "b=2"}, []string{form, `body="a=1&b=2"`}},
		"empty":          {[]string{"-d", ""}, []string{form, `body=""`}},
		"file":           {[]string{"-d", "@" + file}, []string{form, `body="from\na, file\n"`}},
		"standard input": {[]string{"-d", "@-"}, []string{form, `body="typed\n"`}},
		"mixed":          {[]string{"-d", "a=1", "-d", "@-", "-d", "@" + file}, []string{`body="a=1&typed\n&from\na, file\n"`}},
		"JSON":           {[]string{"-d", `{"a":1}`, "-H", "content-type: application/json"}, []string{`type=["application/json"]`, `body="{\"a\":1}"`}},
		"no type":        {[]string{"-d", "x", "-H", "Content-Type:"}, []string{`type=[]`}},
		"no agent":       {[]string{"-H", "User-Agent:"}, []string{`agent=[]`}},
		"agent":          {[]string{"-H", "User-Agent: me"}, []string{`agent=["me"]`}},
		"host":           {[]string{"-H", "Host: api.example.com"}, []string{"host=api.example.com\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIDP(t)
			r := alfIn(t, invocation{env: i.configured(), stdin: strings.NewReader("typed\n")}, append([]string{"curl", url}, c.args...)...)
			require.Equal(t, exit.OK, r.code, r.err)
			for _, want := range c.want {
				require.Contains(t, r.out, want)
			}
		})
	}
}

func TestCurl_DataThatIsNotAvailable(t *testing.T) {
	i := newIDP(t)
	for says, args := range map[string][]string{
		"no such file":                     {"-d", "@/does/not/exist"},
		"can be read once":                 {"-d", "@-", "-d", "@-"},
		"is read by --client-secret-stdin": {"-d", "@-", "--client-secret-stdin"},
	} {
		r := i.alf(t, append([]string{"curl", "https://api.example.com"}, args...)...)
		require.Equal(t, exit.Usage, r.code)
		require.Contains(t, r.err, says)
	}
	require.Zero(t, i.issued)
}

func TestCurl_IsRetriedAfterA401WithItsBody(t *testing.T) {
	i := newIDP(t)
	var seen []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		if len(seen) == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		echo(w, r)
	})
	r := alfIn(t, invocation{env: i.configured(), stdin: strings.NewReader("once only")}, "curl", "-d", "@-", url)
	require.Equal(t, exit.OK, r.code, r.err)
	require.Contains(t, r.out, `body="once only"`)
	require.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, seen)
}

func TestCurl_TheTokenStaysWithinItsOrigin(t *testing.T) {
	other := serve(t, echo)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) })
	r := newIDP(t).alf(t, "curl", url)
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "authorization=\n")
	r = newIDP(t).alf(t, "curl", "--origin", url, "--origin", other, url)
	require.Contains(t, r.out, "authorization=Bearer token-1\n")
}

func TestCurl_PrivateAuthorities(t *testing.T) {
	i := newIDP(t)
	both := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			i.ServeHTTP(w, r)
			return
		}
		echo(w, r)
	}))
	t.Cleanup(both.Close)
	env := i.configured(map[string]string{"ALF_TOKEN_URL": both.URL + "/token", "ALF_CA_FILE": certificate(t, both)})
	r := alfIn(t, invocation{env: env}, "curl", both.URL)
	require.Equal(t, exit.OK, r.code, r.err)
	require.Contains(t, r.out, "authorization=Bearer token-1\n")
}

func TestCurl_TheTimeoutIsNotTheBodys(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-time.After(1200 * time.Millisecond):
			io.WriteString(w, "late")
		case <-r.Context().Done():
		}
	})
	r := newIDP(t).alf(t, "get", "--timeout", "1s", url)
	require.Equal(t, result{exit.OK, "late", ""}, r)
}

func TestCurl_StreamsTheBody(t *testing.T) {
	i := newIDP(t)
	arrived := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		select {
		case <-arrived:
			io.WriteString(w, " second")
		case <-r.Context().Done():
		}
	})
	env := i.configured()
	out := &signalling{arrived: arrived}
	code := run(t.Context(), []string{"alf", "get", url}, nil, out, io.Discard, environmentOf(env))
	require.Equal(t, exit.OK, code)
	require.Equal(t, "first second", out.String())
}

// signalling reports when something was written to it.
type signalling struct {
	strings.Builder
	once    sync.Once
	arrived chan struct{}
}

func (s *signalling) Write(data []byte) (int, error) {
	s.once.Do(func() { close(s.arrived) })
	return s.Builder.Write(data)
}
