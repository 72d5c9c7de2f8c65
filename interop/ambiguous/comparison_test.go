package ambiguous

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/sidecar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts programs. They end with the test.
func start(t *testing.T, programs ...*Program) []*Proxy {
	var proxies []*Proxy
	for _, program := range programs {
		p, err := program.Start(t.Context(), t.TempDir())
		require.NoError(t, err, program.Name)
		t.Cleanup(p.Close)
		proxies = append(proxies, p)
	}
	return proxies
}

// TestX2_NotMoreLenientThanNginxAndHAProxy fails for each request that alf proxy lets through and neither of the others
// does, or not like that. It writes the tables.
func TestX2_NotMoreLenientThanNginxAndHAProxy(t *testing.T) {
	lab.Require(t, "nginx and HAProxy", strings.TrimSpace(Nginx.Missing()+" "+HAProxy.Missing()))
	binary, err := sidecar.Build(t.Context(), "../..", t.TempDir())
	require.NoError(t, err)
	alf := Alf(binary)
	programs := []*Program{Nginx, HAProxy, alf}
	proxies := start(t, programs...)
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	tables, err := Compare(t.Context(), programs, proxies, string(content))
	require.NoError(t, err)
	published := Legend()
	for _, table := range tables {
		published += table.Markdown()
		for _, row := range table.Rows {
			others := []Danger{row.Outcomes[Nginx.Name].Danger, row.Outcomes[HAProxy.Name].Danger}
			outcome := row.Outcomes[alf.Name]
			if more := MoreLenient(outcome.Danger, others...); more != 0 {
				t.Errorf("%s: alf proxy alone: %s: %s", row.Name, more, outcome.Text)
			}
		}
	}
	requireCarelessFound(t, tables[0])

	if t.Failed() {
		return
	}
	if !strings.Contains(string(content), tables[0].header()) && os.Getenv("CI") != "" {
		t.Log("the tables are of other versions, and not compared: " + tables[0].header())
		return
	}
	require.NoError(t, Publish("README.md", published))
}

// requireCarelessFound checks that the comparison can fail: a proxy that looks at nothing does what the others do not.
func requireCarelessFound(t *testing.T, table *Table) {
	p, err := startCareless()
	require.NoError(t, err)
	t.Cleanup(p.Close)
	expected := map[string]Danger{
		"Content-Length twice, different":             Reached | Framing | Kept,
		"Content-Length and chunked, which disagree":  Split | Framing | Kept,
		"Transfer-Encoding: xchunked":                 Reached | Framing | Kept,
		"space before the colon of Transfer-Encoding": Reached | Head,
		"bare CR in a value":                          Reached | Head,
		"Host twice, different":                       Reached | NoHost | OtherHost,
		"no slash at the start":                       Reached | Target,
		"target with NUL":                             Reached | Target,
		"Authorization":                               CallerToken,
		"name with a space":                           Reached | Head,
		"version HTTP/1.2":                            Version,
		"GET with a body":                             0,
	}
	for i, r := range Requests() {
		danger, included := expected[r.Name]
		if !included {
			continue
		}
		delete(expected, r.Name)
		outcome, err := Try(t.Context(), p.Address, p.Server, r, quiet)
		require.NoError(t, err)
		others := table.Rows[i].Outcomes
		more := MoreLenient(outcome.Danger, others[Nginx.Name].Danger, others[HAProxy.Name].Danger)
		more &^= NoToken // of the request that follows
		require.Equal(t, danger.String(), more.String(), "%s: %s", r.Name, outcome.Text)
	}
	require.Empty(t, expected)
}
